// Package sample makes up tables of users to measure a0tojsonl with. It is no
// fake of Auth0, which is auth0test, and its users are nobody's.
package sample

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Table is a users table as a0export writes it, made up row by row: the same
// bytes each time, about one name in twenty with quotes, commas, line breaks or
// letters beyond ASCII, none to three of twelve roles.
type Table struct {
	rows, next int
	rnd        *rand.Rand
	buf        bytes.Buffer
}

// New returns a table of that many rows, to be read once.
func New(rows int) *Table {
	t := &Table{rows: rows, rnd: rand.New(rand.NewPCG(1, 2))}
	t.buf.WriteString("user_id,email,given_name,family_name,provider,email_verified,created_at,roles\n")
	return t
}

// Read makes as many rows as p has room for.
func (t *Table) Read(p []byte) (int, error) {
	for t.buf.Len() < len(p) && t.next < t.rows {
		t.row()
		t.next++
	}
	return t.buf.Read(p)
}

var (
	givenNames  = []string{"Jane", "John", "Maria", "Wei", "Aisha", "Lars", "Olga", "Pedro"}
	familyNames = []string{"Doe", "Smith", "Garcia", "Chen", "Khan", "Hansen", "Petrova", "Silva"}
	oddNames    = []string{`'t Hooft`, `O'Neil`, `Smith, Jr.`, `Anna ""Ann""`, "Zoë Ångström", "two\nlines", "two\r\nlines", "王小明"}
	roles       = []string{"Admin", "Billing Viewer", "Editor", "Viewer", "Support Agent", "auditor", "dev_ops", "Owner", "QA", "Sales Lead", "HR", "Guest"}
	domains     = []string{"acme.com", "example.org", "mail.example", "corp.example.net"}
	connections = []string{"db", "google-oauth2", "acme-saml"}
)

func (t *Table) row() {
	given, family := pick(t.rnd, givenNames), pick(t.rnd, familyNames)
	if t.rnd.IntN(20) == 0 {
		family = pick(t.rnd, oddNames)
	}
	at := t.rnd.IntN(365 * 24 * 3600)
	fmt.Fprintf(&t.buf, `'auth0|%016x%08x,'%s%d@%s,"'%s","'%s",'%s,%t,2025-%02d-%02dT%02d:%02d:%02d.%03dZ,"[`,
		t.rnd.Uint64(), t.rnd.Uint32(), strings.ToLower(given), t.next, pick(t.rnd, domains), given, family, pick(t.rnd, connections),
		t.rnd.IntN(2) == 0, 1+at%12, 1+at%28, at%24, at/24%60, at/60%60, at%1000)
	for i, n := 0, t.rnd.IntN(4); i < n; i++ {
		if i > 0 {
			t.buf.WriteByte(',')
		}
		fmt.Fprintf(&t.buf, `""%s""`, roles[(t.next+i*5)%len(roles)])
	}
	t.buf.WriteString("]\"\n")
}

func pick(rnd *rand.Rand, from []string) string { return from[rnd.IntN(len(from))] }
