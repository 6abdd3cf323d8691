// Package sample makes up tables of users for measurements of a0tojsonl. It is not a
// fake of Auth0, which is auth0test.
package sample

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Table is a users table as a0export writes it, made up row by row. Its bytes are
// always the same. About one name in twenty has quotes, commas, line breaks or
// letters beyond ASCII. Each user has up to three of twelve roles.
type Table struct {
	rows, next int
	random     *rand.Rand
	buf        bytes.Buffer
}

// New returns a table with that number of rows, which can be read once.
func New(rows int) *Table {
	t := &Table{rows: rows, random: rand.New(rand.NewPCG(1, 2))}
	t.buf.WriteString("user_id,email,given_name,family_name,provider,email_verified,created_at,roles\n")
	return t
}

// Read reads the table.
func (t *Table) Read(p []byte) (int, error) {
	for t.buf.Len() < len(p) && t.next < t.rows {
		t.addRow()
		t.next++
	}
	return t.buf.Read(p)
}

var (
	givenNames  = []string{"Jane", "John", "Maria", "Wei", "Aisha", "Lars", "Olga", "Pedro"}
	familyNames = []string{"Doe", "Smith", "Garcia", "Chen", "Khan", "Hansen", "Petrova", "Silva"}
	oddNames    = []string{
		`'t Hooft`, `O'Neil`, `Smith, Jr.`, `Anna ""Ann""`,
		"Zoë Ångström", "two\nlines", "two\r\nlines", "王小明",
	}
	roles = []string{
		"Admin", "Billing Viewer", "Editor", "Viewer", "Support Agent", "auditor",
		"dev_ops", "Owner", "QA", "Sales Lead", "HR", "Guest",
	}
	domains     = []string{"acme.com", "example.org", "mail.example", "corp.example.net"}
	connections = []string{"db", "google-oauth2", "acme-saml"}
)

func (t *Table) addRow() {
	given, family := pick(t.random, givenNames), pick(t.random, familyNames)
	if t.random.IntN(20) == 0 {
		family = pick(t.random, oddNames)
	}
	at := t.random.IntN(365 * 24 * 3600)
	fmt.Fprintf(&t.buf, `'auth0|%016x%08x,'%s%d@%s,"'%s","'%s",'%s,`, t.random.Uint64(), t.random.Uint32(),
		strings.ToLower(given), t.next, pick(t.random, domains), given, family, pick(t.random, connections))
	fmt.Fprintf(&t.buf, `%t,2025-%02d-%02dT%02d:%02d:%02d.%03dZ,"[`, t.random.IntN(2) == 0,
		1+at%12, 1+at%28, at%24, at/24%60, at/60%60, at%1000)
	for i, n := 0, t.random.IntN(4); i < n; i++ {
		if i > 0 {
			t.buf.WriteByte(',')
		}
		fmt.Fprintf(&t.buf, `""%s""`, roles[(t.next+i*5)%len(roles)])
	}
	t.buf.WriteString("]\"\n")
}

func pick(random *rand.Rand, from []string) string { return from[random.IntN(len(from))] }
