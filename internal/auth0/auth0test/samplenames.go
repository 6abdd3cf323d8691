package auth0test

import "strings"

type person struct {
	given, family, name string
	connection          string
	mailbox             string // the part before the @; "" means no email
}

// awkwardPeople are the first users of a sample, so that small samples have them too.
// Each one breaks some CSV reader.
var awkwardPeople = []person{
	{"Jane", "Doe", "", databaseConnection, "jane.doe"},
	{"Ada", "Lovelace", "", samlConnection, "Ada.Lovelace"},        // upper case kept
	{"Conan", "O'Neil", "", googleConnection, "conan.oneil"},       // quote inside
	{"Gerard", "'t Hooft", "", databaseConnection, "g.thooft"},     // leading apostrophe
	{"", "", "", smsConnection, ""},                                // no email, no names
	{"", "", "", databaseConnection, "noname"},                     // no names
	{"Username", "Only", "", databaseConnection, ""},               // no email
	{`Dwayne "Rocky"`, "Stone", "", databaseConnection, "d.stone"}, // double quotes
	{"Sammy", "Davis, Jr.", "", googleConnection, "sammy.davis"},   // comma
	{"Mary\nAnn", "Poole", "", databaseConnection, "mary.poole"},   // newline
	{"Jürgen", "Müller-Lüdenscheidt", "", samlConnection, "juergen.mueller"},
	{"太郎", "山田", "山田 太郎", databaseConnection, "taro.yamada"},
	{"محمد", "العلي", "", googleConnection, "m.alali"}, // right to left
	{"Zoë 🦊", "Fox", "", databaseConnection, "zoe.fox"},
	{`=HYPERLINK("https://x.example")`, "Formula", "", databaseConnection, "formula"}, // the reason for the escaping
	{" Leading", "Space ", "", databaseConnection, "leading.space"},
	{`Back\slash`, "N;Semi\tTab", "", samlConnection, "Back.Slash"},
	{"Siobhán", "Ní Bhraonáin", "", googleConnection, "siobhan.brennan"},
}

var givenNames = []string{
	"Alice", "Amara", "Bruno", "Carlos", "Chloé", "Dmitri", "Elif", "Emma", "Farid", "Grace", "Hana", "Ivan",
	"Jorge", "José", "Kofi", "Lena", "Liam", "Mei", "Nadia", "Noah", "Olga", "Priya", "Quentin", "Rosa",
	"Søren", "Sofia", "Tariq", "Uma", "Viktor", "Wanjiru", "Ximena", "Yuki", "Zofia",
}

var familyNames = []string{
	"Abebe", "Andersen", "Becker", "Castro", "Chen", "D'Angelo", "Dubois", "Eriksson", "Fischer", "García",
	"Haddad", "Ito", "Jansen", "Kowalska", "Kumar", "Lopez", "Martin", "Nguyen", "O'Brien", "Okafor",
	"Papadopoulos", "Peña", "Quinn", "Rossi", "Schmidt", "Tanaka", "Ueda", "van den Berg", "Weber", "Yılmaz", "Zhang",
}

var asciiLetters = strings.NewReplacer("é", "e", "ø", "o", "í", "i", "ñ", "n", "ı", "i", "'", "", " ", "")

// asciiOf returns a name as it appears in an email address.
func asciiOf(name string) string { return asciiLetters.Replace(name) }

// roleKinds lists the roles of a sample. Their names still differ as slugs. perMille is
// how many users of 1000 have the role.
var roleKinds = []struct {
	name, description string
	perMille          int
}{
	{"Member", "Every employee", 620},
	{"Admin", "Can read and write things", 20},
	{"Billing Viewer", "Sees invoices, \"read only\"", 90},
	{"Support / Tier 2", "Second line of support", 60},
	{"Administrateur général", "Administre tout", 10}, //nolint:misspell // French
	{"Editor", "", 150},
	{"Read Only", "May look", 120},
	{"QA_Lead", "Signs releases off", 15},
	{"ops-on-call", "Carries the pager", 25},
	{"Data Steward (EU)", "Answers requests under the GDPR", 8},
	{"Auditor: external", "Comes once a year", 5},
	{"Break Glass", "For emergencies, nobody holds it", 0},
}
