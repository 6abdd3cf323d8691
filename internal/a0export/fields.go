package a0export

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"a0permit/internal/auth0"
	"a0permit/internal/tool"
)

// fields are the columns of every export. Auth0 accepts any field name, so the column of
// a misspelt one would be empty.
var fields = []auth0.Field{
	{Name: "user_id"},
	{Name: "email"},
	{Name: "given_name"},
	{Name: "family_name"},
	{Name: "identities[0].connection", ExportAs: "provider"},
}

// reserved lists columns with a meaning for a0tojsonl. The first two are appended to
// users; each of the others is the first column of another table.
var reserved = []string{rolesColumn, organizationsColumn, "role_id", "organization_id", "resource_server_id"}

const (
	rolesColumn         = "roles"
	organizationsColumn = "organizations"

	maxFieldName = 100 // characters (Auth0's OpenAPI)
)

// allFields returns the fields of every export, followed by those of --field, each
// NAME or NAME=COLUMN.
func allFields(more []string) ([]auth0.Field, error) {
	all := slices.Clone(fields)
	for _, text := range more {
		f := auth0.Field{}
		var renamed bool
		f.Name, f.ExportAs, renamed = strings.Cut(text, "=")
		column := title(f)
		switch {
		case f.Name == "" || renamed && f.ExportAs == "":
			return nil, tool.Usage(fmt.Sprintf("--field %q has an empty name", text), "--field user_metadata.country=country")
		case utf8.RuneCountInString(f.Name) > maxFieldName || utf8.RuneCountInString(f.ExportAs) > maxFieldName:
			return nil, tool.Usage(fmt.Sprintf("--field %.20s...: Auth0 takes at most %d characters", text, maxFieldName),
				"--field NAME=COLUMN")
		case slices.Contains(reserved, column):
			return nil, tool.Usage(fmt.Sprintf("--field %s: the column name %s is reserved", text, column),
				"--field "+f.Name+"=auth0_"+column)
		case slices.ContainsFunc(all, func(f auth0.Field) bool { return title(f) == column }):
			return nil, tool.Usage(fmt.Sprintf("--field %s: the export already has a column %s", text, column),
				"--field "+f.Name+"=ANOTHER_NAME")
		}
		all = append(all, f)
	}
	if excess := len(all) - auth0.MaxFields; excess > 0 {
		return nil, tool.Usage(fmt.Sprintf("%d columns are too many: Auth0 exports at most %d", len(all), auth0.MaxFields),
			fmt.Sprintf("leave out %d of the --field flags (%d columns are always there)", excess, len(fields)))
	}
	return all, nil
}

// title returns the name of a field's column.
func title(f auth0.Field) string {
	if f.ExportAs != "" {
		return f.ExportAs
	}
	return f.Name
}
