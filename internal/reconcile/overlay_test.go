package reconcile_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"a0permit/internal/reconcile"
)

// jane is a user in Permit; ofJane returns such a user with other fields.
const jane = `{"key":"u","email":"jane@acme.com","first_name":"Jane","last_name":"Doe",` +
	`"attributes":{"a":1,"kept":[{"x":12345678901234567}]}}`

func ofJane(email, firstName, lastName, attributes string) string {
	return fmt.Sprintf(`{"key":"u","email":%q,"first_name":%q,"last_name":%q,`+
		`"attributes":{%s,"kept":[{"x":12345678901234567}]}}`, email, firstName, lastName, attributes)
}

// Overlay returns Permit's user with the changes of the line, or says that nothing
// changes.
func TestOverlay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want, have string
		write            string // empty: nothing changes
	}{
		{"a bare line asks for nothing", `{"key":"u"}`, jane, ""},
		{"the whole of it", jane, jane, ""},
		{"email in another case", `{"key":"u","email":"JANE@Acme.com"}`, jane, ""},
		{"roles are not the user's own", `{"key":"u","role_assignments":[{"role":"a"}]}`, jane, ""},
		{
			"another email", `{"type":"user","key":"u","email":"j@acme.com"}`, jane,
			ofJane("j@acme.com", "Jane", "Doe", `"a":1`),
		},
		{
			"another first name", `{"key":"u","first_name":"jane"}`, jane,
			ofJane("jane@acme.com", "jane", "Doe", `"a":1`),
		},
		{
			"another last name", `{"key":"u","last_name":"Roe"}`, jane,
			ofJane("jane@acme.com", "Jane", "Roe", `"a":1`),
		},
		{
			"another value", `{"key":"u","attributes":{"a":2}}`, jane,
			ofJane("jane@acme.com", "Jane", "Doe", `"a":2`),
		},
		{
			"one more attribute", `{"key":"u","attributes":{"a":1,"b":true}}`, jane,
			ofJane("jane@acme.com", "Jane", "Doe", `"a":1,"b":true`),
		},
		{
			"an attribute emptied", `{"key":"u","attributes":{"a":""}}`, jane,
			ofJane("jane@acme.com", "Jane", "Doe", `"a":""`),
		},
		{
			"an email in another case does not ride along", `{"key":"u","email":"JANE@acme.com","last_name":"Roe"}`, jane,
			ofJane("jane@acme.com", "Jane", "Roe", `"a":1`),
		},
		{
			"neither type nor roles are written", `{"key":"u","last_name":"Roe"}`,
			`{"type":"user","key":"u","role_assignments":[{"role":"r"}]}`,
			`{"key":"u","last_name":"Roe"}`,
		},
		{
			"null takes away",
			`{"key":"u","email":null,"first_name":null,"attributes":{"a":null}}`, jane,
			`{"key":"u","last_name":"Doe","attributes":{"kept":[{"x":12345678901234567}]}}`,
		},
		{
			"null for all attributes", `{"key":"u","attributes":null}`,
			`{"key":"u","attributes":{"a":1,"b":2}}`, `{"key":"u","attributes":{}}`,
		},
		{
			"null where there is nothing", `{"key":"u","email":null,"last_name":null,"attributes":null}`,
			`{"key":"u","first_name":"J"}`, "",
		},
		{"null for an attribute that is not there", `{"key":"u","attributes":{"b":null}}`, jane, ""},
		{
			"an attribute is replaced whole", `{"key":"u","attributes":{"a":{"y":2}}}`,
			`{"key":"u","attributes":{"a":{"x":1}}}`, `{"key":"u","attributes":{"a":{"y":2}}}`,
		},
		{"onto an empty user", jane, `{"key":"u"}`, jane},
		{"first attributes", `{"key":"u","attributes":{"a":0}}`, `{"key":"u"}`, `{"key":"u","attributes":{"a":0}}`},
		{
			"what is the same stays as Permit writes it",
			`{"key":"u","attributes":{"a":1.0,"b":2}}`,
			`{"key":"u","attributes":{"a":1}}`,
			`{"key":"u","attributes":{"a":1,"b":2}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			have := parseUser(t, tt.have)
			write, same := reconcile.Overlay(parseUser(t, tt.want), have)
			if same != (tt.write == "") {
				t.Fatalf("same = %v, write %+v", same, write)
			}
			if diff := cmp.Diff(parseUser(t, tt.have), have); diff != "" {
				t.Errorf("Permit's user was changed: %s", diff)
			}
			if same {
				tt.write = tt.have
			}
			if diff := cmp.Diff(*parseUser(t, tt.write), write); diff != "" {
				t.Errorf("write (-want +got): %s", diff)
			}
			if _, again := reconcile.Overlay(parseUser(t, tt.want), &write); !again {
				t.Error("written, and not yet the same")
			}
		})
	}
}

// Emails that differ only in case are the same.
func TestSameEmail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"jane@acme.com", "Jane@ACME.com", true},
		{"JOSÉ@acme.com", "josé@acme.com", true},
		{"jane@acme.com", "jane@acme.co", false},
		{"jane@acme.com", "", false},
	}
	for _, tt := range tests {
		if got := reconcile.SameEmail(tt.a, tt.b); got != tt.want {
			t.Errorf("SameEmail(%q, %q) = %v", tt.a, tt.b, got)
		}
		if got := reconcile.SameEmail(tt.b, tt.a); got != tt.want {
			t.Errorf("SameEmail(%q, %q) = %v", tt.b, tt.a, got)
		}
	}
}

// The line of Restoring makes a user what it was, and names only what changed.
func TestRestoring(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, before, after, line string }{
		{"nothing", jane, jane, `{"type":"user","key":"u"}`},
		{
			"changed", jane, `{"key":"u","email":"J@acme.com","first_name":"J","last_name":"Doe","attributes":{"a":2,` +
				`"kept":[{"x":12345678901234567}],"new":true}}`,
			`{"type":"user","key":"u","email":"jane@acme.com","first_name":"Jane","attributes":{"a":1,"new":null}}`,
		},
		{
			"set first", `{"key":"u"}`, jane,
			`{"type":"user","key":"u","attributes":{"a":null,"kept":null},"email":null,"first_name":null,"last_name":null}`,
		},
		{
			"taken away", jane, `{"key":"u","attributes":{}}`,
			`{"type":"user","key":"u","email":"jane@acme.com","first_name":"Jane","last_name":"Doe",` +
				`"attributes":{"a":1,"kept":[{"x":12345678901234567}]}}`,
		},
		{
			"within an attribute", `{"key":"u","attributes":{"a":{"x":1,"y":""}}}`, `{"key":"u","attributes":{"a":{"z":1}}}`,
			`{"type":"user","key":"u","attributes":{"a":{"x":1,"y":""}}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before, after := parseUser(t, tt.before), parseUser(t, tt.after)
			line := reconcile.Restoring(before, after)
			if diff := cmp.Diff(parseUser(t, tt.line), line); diff != "" {
				t.Errorf("line (-want +got): %s", diff)
			}
			back, _ := reconcile.Overlay(line, after)
			if diff := cmp.Diff(*before, back, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("restored (-want +got): %s", diff)
			}
		})
	}
}
