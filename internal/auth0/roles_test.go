package auth0_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0"
	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// tenantRoles returns n roles.
func tenantRoles(n int) (roles []auth0test.Role) {
	for i := range n {
		roles = append(roles, auth0test.Role{ID: fmt.Sprintf("rol_%016d", i), Name: fmt.Sprintf("Role %d", i)})
	}
	return roles
}

// pageMax is the largest page that the tenant sends. If it is 50, every page is
// shorter than the 100 rows asked for.
func TestRolesToTheirTotal(t *testing.T) {
	t.Parallel()
	tests := []struct{ roles, pageMax, calls int }{
		{0, 100, 1},
		{1, 100, 1},
		{49, 50, 1},
		{50, 50, 1},
		{51, 50, 2},
		{100, 100, 1},
		{100, 50, 2},
		{101, 100, 2},
		{250, 50, 5},
		{1000, 100, 10},
		{1000, 50, 20},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d by %d", tt.roles, tt.pageMax), func(t *testing.T) {
			t.Parallel()
			want := tenantRoles(tt.roles)
			s := auth0test.New(auth0test.Tenant{Roles: want}, auth0test.Options{PageMax: tt.pageMax})
			roles, err := newClient(s).Roles(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []auth0test.Role
			for _, r := range roles {
				got = append(got, auth0test.Role{ID: r.ID, Name: r.Name})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("roles (-want +got):\n%s", diff)
			}
			if n := len(s.Calls()); n != tt.calls {
				t.Errorf("%d calls, want %d", n, tt.calls)
			}
		})
	}
}

func TestRoleFields(t *testing.T) {
	t.Parallel()
	s := auth0test.New(auth0test.Tenant{Roles: []auth0test.Role{
		{ID: "rol_1", Name: "Billing \"Viewer\", all", Description: "sees\nbills"},
		{ID: "rol_2", Name: "Own", Type: "tenant"},
	}}, auth0test.Options{})
	got, err := newClient(s).Roles(t.Context())
	want := []auth0.Role{
		{ID: "rol_1", Name: "Billing \"Viewer\", all", Description: "sees\nbills"},
		{ID: "rol_2", Name: "Own", Type: "tenant"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, roles (-want +got):\n%s", err, diff)
	}
}

// A wrong total is an error: a missing role would silently take access away from
// somebody.
func TestRolesWhoseTotalLies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		answers []string
		want    string
	}{
		{
			name: "too many came", answers: []string{`{"roles":[{"id":"a"},{"id":"b"}],"total":1}`},
			want: "got 2 roles, but Auth0 says there are 1",
		},
		{
			name: "too few came", answers: []string{`{"roles":[{"id":"a"}],"total":2}`, `{"roles":[],"total":2}`},
			want: "got 1 roles, but Auth0 says there are 2",
		},
		{"no total", []string{`{"roles":[{"id":"a"}]}`}, "Auth0 does not say how many there are"},
		{"no total and no roles", []string{`{"roles":[]}`}, "Auth0 does not say how many there are"},
		{"a total below 0", []string{`{"roles":[],"total":-1}`}, "got 0 roles, but Auth0 says there are -1"},
		{"a bare array", []string{`[{"id":"a"}]`}, "there is no object around the list of roles"},
		{"more than can be", []string{`{"roles":[{"id":"a"}],"total":1001}`}, "1001 roles, but only 1000 can be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(answerInTurn(tt.answers...)).Roles(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// Roles of organizations are left out, however many there are. If the tenant refuses
// the parameter, one more call without it is made.
func TestRolesOfOrganizations(t *testing.T) {
	t.Parallel()
	own := tenantRoles(120)
	tenant := auth0test.Tenant{Roles: slices.Clone(own)}
	for i := range 1100 {
		role := auth0test.Role{ID: fmt.Sprintf("rol_org%d", i), Name: "Admin", Type: "organization", Owner: "org_1"}
		tenant.Roles = append(tenant.Roles, role)
	}
	s := auth0test.New(tenant, auth0test.Options{})
	if roles, err := newClient(s).Roles(t.Context()); err != nil || len(roles) != len(own) || len(s.Calls()) != 2 {
		t.Errorf("%d roles by %d calls, %v", len(roles), len(s.Calls()), err)
	}
	tenant.Roles = tenant.Roles[:150]
	older := auth0test.New(tenant, auth0test.Options{NoRoleType: true})
	if roles, err := newClient(older).Roles(t.Context()); err != nil || len(roles) != len(own) || len(older.Calls()) != 3 {
		t.Errorf("%d roles of an older tenant by %d calls, %v", len(roles), len(older.Calls()), err)
	}
	if role, total, err := newClient(older).FirstRole(t.Context()); err != nil || role.ID != own[0].ID || total != 150 {
		t.Errorf("the first of %d is %+v, %v", total, role, err)
	}
	for _, message := range []string{"'Expected type integer but found type string' on property page.", "No"} {
		other := auth0test.New(tenant, auth0test.Options{Faults: func(*http.Request) httpapitest.Fault {
			return httpapitest.Fault{Status: 400, Body: fmt.Sprintf(`{"message":%q}`, message)}
		}})
		if _, err := newClient(other).Roles(t.Context()); err == nil || len(other.Calls()) != 1 {
			t.Errorf("%s: %d calls, %v", message, len(other.Calls()), err)
		}
	}
}

func TestRolesBeyondWhatCanBeRead(t *testing.T) {
	t.Parallel()
	s := auth0test.New(auth0test.Tenant{Roles: tenantRoles(1001)}, auth0test.Options{})
	if _, err := newClient(s).Roles(t.Context()); err == nil || !strings.Contains(err.Error(), "1001 roles") {
		t.Errorf("error %v", err)
	}
	if n := len(s.Calls()); n != 1 {
		t.Errorf("%d calls to find out", n)
	}
}

// Pages shift if a role is created or deleted between two calls: one role is then
// read twice or not at all. That must not go unnoticed.
func TestRolesThatChangeBetweenPages(t *testing.T) {
	t.Parallel()
	created := auth0test.Role{ID: "rol_new", Name: "New"}
	changes := map[string]func(*auth0test.Tenant){
		"one more in front": func(t *auth0test.Tenant) { t.Roles = slices.Insert(t.Roles, 0, created) },
		"one more at the end": func(t *auth0test.Tenant) {
			t.Roles = append(t.Roles, created)
		},
		// Here the number of roles read matches the total on the first page.
		"one more in the middle":        func(t *auth0test.Tenant) { t.Roles = slices.Insert(t.Roles, 150, created) },
		"one less":                      func(t *auth0test.Tenant) { t.Roles = t.Roles[1:] },
		"one gone and one in front":     func(t *auth0test.Tenant) { t.Roles = slices.Insert(t.Roles[:199], 0, created) },
		"all that was not read is gone": func(t *auth0test.Tenant) { t.Roles = t.Roles[:100] },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := auth0test.New(auth0test.Tenant{Roles: tenantRoles(200)}, auth0test.Options{})
			pages := 0
			c := newClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if pages++; pages == 2 {
					s.Update(change)
				}
				s.ServeHTTP(w, r)
			}))
			roles, err := c.Roles(t.Context())
			if err == nil {
				t.Fatalf("%d roles, and no error", len(roles))
			}
			if !strings.Contains(err.Error(), "the tenant changed while it was read") {
				t.Errorf("error %v", err)
			}
		})
	}
}
