package convert_test

import (
	"errors"
	"strings"
	"testing"

	"a0permit/internal/convert"
)

func TestNewTable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, header string
		kind         convert.Kind
		columns      string // "" for the same as header
		err          string
	}{
		{"a0export", "user_id,email,given_name,family_name,provider,roles", convert.Users, "", ""},
		{
			"dashboard", "Id,Given Name,Family Name,Nickname,Name,Email,Email Verified,Connection,Created At", convert.Users,
			"user_id,given_name,family_name,nickname,name,email,email_verified,provider,created_at", "",
		},
		{
			"export job", "user_id,email,first_name,last_name,identities[0].connection", convert.Users,
			"user_id,email,given_name,family_name,provider", "",
		},
		{"spaces", "user_id, email", convert.Users, "user_id,email", ""},
		{"roles", "role_id,name,description", convert.Roles, "", ""},
		{"organizations", "organization_id,name,display_name", convert.Organizations, "", ""},
		{"a user may carry other ids", "user_id,organization_id,role_id", convert.Users, "", ""},
		{"aliases are for users", "role_id,name,Email", convert.Roles, "", ""},

		{"two of one meaning", "Id,Email,email", 0, "", `columns 2 and 3 ("Email" and "email") both mean email`},
		{"two of one name", "user_id,email,email", 0, "", `columns 2 and 3 ("email" and "email") both mean email`},
		{"two of no meaning", "user_id,x,x,name,name", convert.Users, "", ""},
		{"two ids", "user_id,Id", 0, "", `columns 1 and 2 ("user_id" and "Id") both mean user_id`},
		{"two kinds", "role_id,organization_id", 0, "", "the header has role_id and organization_id, but no user_id"},
		{"no id", "email,name", 0, "", "no user_id column"},
		{"case matters", "USER_ID,email", 0, "", "no user_id column"},
		{"data", "auth0|1,jane@acme.com", 0, "", "no user_id column: the first row looks like data, not like a header"},
		{"roles without names", "role_id,description", 0, "", "a table with role_id also needs a column name"},
		{
			"CR alone", "user_id,email\rauth0|1,jane@acme.com", 0, "",
			"lines end with CR only, so the whole file reads as one header",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			table, err := convert.NewTable(strings.Split(tt.header, ","), &convert.Options{})
			if tt.err != "" {
				var header *convert.HeaderError
				if !errors.As(err, &header) || err.Error() != tt.err || len(header.Hints) == 0 {
					t.Fatalf("NewTable(%q) = %v, want %q with a hint", tt.header, err, tt.err)
				}
				if hints := strings.Join(header.Hints, "\n"); strings.Contains(hints, "acme") {
					t.Errorf("the hint shows data: %s", hints)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := tt.columns
			if want == "" {
				want = tt.header
			}
			if got := strings.Join(table.Columns, ","); table.Kind != tt.kind || got != want {
				t.Errorf("NewTable(%q) = kind %d, columns %s; want kind %d, columns %s",
					tt.header, table.Kind, got, tt.kind, want)
			}
		})
	}
}
