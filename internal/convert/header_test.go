package convert_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"a0permit/internal/convert"
)

func TestMissingIDHint(t *testing.T) {
	t.Parallel()
	wide := slices.Repeat([]string{strings.Repeat("x", 100)}, 20)
	tests := []struct {
		header []string
		want   string
	}{
		{[]string{"email", "name"}, `the header has: "email", "name"`},
		{append([]string{"email"}, wide...), `"` + strings.Repeat("x", 40) + `...", and 9 more`},
	}
	for _, tt := range tests {
		_, err := convert.NewTable(tt.header, &convert.Options{})
		var header *convert.HeaderError
		if !errors.As(err, &header) || !strings.Contains(strings.Join(header.Hints, "\n"), tt.want) {
			t.Errorf("NewTable(%q) = %v %+v, want a hint with %q", tt.header, err, header, tt.want)
		}
	}
}

func TestIsHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		table, row string
		want       bool
	}{
		{"user_id,email", "auth0|1,jane@acme.com", false},
		{"user_id,email", "user_id,email", true},
		{"user_id,email", "\ufeffuser_id,name", true},
		{"user_id,email", "email,user_id,roles", true},
		{"user_id,email", "role_id,name,description", true},
		{"role_id,name,description", "user_id,email", true},
		{"role_id,name", "organization_id,name,display_name", true},
		{"Id,Email", "Id,Email", true},
		{"Id,Email", "Id,Mail", false}, // aliases only work in a file's first row
		{"user_id,role_id", "user_id,role_id", true},
		{"user_id,email", "user_id,role_id,x", true},
		{"user_id,email,given_name", "auth0|1,jane@acme.com,user_id", false},
		{"user_id,email,given_name", "u1,jane@acme.com,role_id", false},
		{"user_id,email,given_name,family_name", "u1,jane@acme.com,role_id,user_id", false},
		{"role_id,name", "rol_1,user_id", false},
		{"organization_id,name", "org_1,user_id", false},
		{"user_id,email", "'user_id,email", false},
	}
	for _, tt := range tests {
		table, err := convert.NewTable(strings.Split(tt.table, ","), &convert.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := table.IsHeader(strings.Split(tt.row, ",")); got != tt.want {
			t.Errorf("in a table %q: IsHeader(%q) = %v, want %v", tt.table, tt.row, got, tt.want)
		}
	}
}

func TestSeparatorOfAHeader(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]byte{
		"user_id;email": ';', "email\tuser_id": '\t', "a|role_id|b": '|', "email;Id ": ';',
		"user_id;email,work;x": ';', "email;name": ';', "email\tname": '\t',
		"email;name,x": 0, "email,name": 0, "user_idx;email,x": 0,
	} {
		_, err := convert.NewTable(strings.Split(header, ","), &convert.Options{})
		var got *convert.HeaderError
		if !errors.As(err, &got) || got.Separator != want {
			t.Errorf("NewTable(%q) = %+v; want the separator %q", header, got, want)
		}
	}
	for _, header := range []string{"user_id,a;b;c", "user_id,a|b", "auth0|1", "auth0|1;jane@acme.com"} {
		_, err := convert.NewTable(strings.Split(header, ","), &convert.Options{})
		var got *convert.HeaderError
		if errors.As(err, &got) && got.Separator != 0 {
			t.Errorf("NewTable(%q) = %+v; want no other separator", header, got)
		}
	}
}
