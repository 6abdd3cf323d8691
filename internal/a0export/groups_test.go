package a0export

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// withGroups returns small with three groups: one holds two roles, one holds a
// role and has the first as a member, and one holds no role.
func withGroups() auth0test.Tenant {
	tenant := small()
	tenant.Groups = []auth0test.Group{
		{
			ID: "grp_1", Name: "Staff", ConnectionID: "con_1", Roles: []string{"rol_AAAAAAAAAAAAAAAA", "rol_CCCCCCCCCCCCCCCC"},
			Members: []auth0test.GroupMember{{ID: "samlp|acme|bob@acme.example"}, {ID: "auth0|ann"}},
		},
		{
			ID: "grp_2", Name: "All", Roles: []string{"rol_BBBBBBBBBBBBBBBB"},
			Members: []auth0test.GroupMember{{ID: "grp_1", IsGroup: true}, {ID: "sms|5f7c8ec7"}},
		},
		{ID: "grp_3", Name: "Guests", Members: []auth0test.GroupMember{{ID: "auth0|ann"}}},
	}
	return tenant
}

// rolesOf returns the column roles of an export.
func rolesOf(t *testing.T, r result) []string {
	t.Helper()
	var roles []string
	for _, row := range parseCSV(t, r.csv(t))[1:] {
		roles = append(roles, row[5])
	}
	return roles
}

const (
	annsRoles = `["Admin","Viewer"]`
	bobsRoles = `["Viewer"]`
)

// A role held through a group is exported like any other role, and only once.
func TestRolesHeldThroughGroups(t *testing.T) {
	t.Parallel()
	want := []string{`["Admin","Nobody's","Viewer"]`, `["Admin","Nobody's","Viewer"]`, `["Viewer"]`}
	for _, pageMax := range []int{1, 100} {
		for _, args := range [][]string{nil, {"--source", "search"}} {
			s := auth0test.New(withGroups(), auth0test.Options{PageMax: pageMax})
			if pageMax == 1 && args != nil {
				continue // the search takes a different number of calls
			}
			r := run(t, s, args...)
			r.expect(t, 0, "3 users, 3 of them with roles, 3 roles, 2 groups with roles in ",
				"a0export: warning: 1 group inside groups with roles left out: "+
					"Auth0 does not say whether its members hold those roles\n")
			if diff := cmp.Diff(want, rolesOf(t, r)); diff != "" {
				t.Errorf("roles (-want +got):\n%s", diff)
			}
			for _, call := range s.Calls() {
				if strings.HasPrefix(call.Path, "/api/v2/groups/grp_3") {
					t.Errorf("called %s", call.Path)
				}
			}
		}
	}
}

// Without groups, or with --no-groups, no further call is made.
func TestTenantsWithoutGroups(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tenant  auth0test.Tenant
		options auth0test.Options
		args    []string
		calls   int // about groups
	}{
		{small(), auth0test.Options{}, nil, 1},
		{withGroups(), auth0test.Options{NoGroups: true}, nil, 1},
		{withGroups(), auth0test.Options{}, []string{"--no-groups"}, 0},
		{withGroups(), auth0test.Options{}, []string{"--no-roles"}, 0},
		{withGroups(), auth0test.Options{Faults: faultAt("/api/v2/groups", httpapitest.Fault{
			Status: 403, Body: `{"errorCode":"feature_not_enabled","message":"Not on this plan"}`,
		})}, nil, 1},
	} {
		s := auth0test.New(tt.tenant, tt.options)
		r := runInBubble(t, s, tt.args...)
		r.expect(t, 0)
		calls := 0
		for _, call := range s.Calls() {
			if strings.Contains(call.Path, "/groups") {
				calls++
			}
		}
		if calls != tt.calls || strings.Contains(r.errs, "group") {
			t.Errorf("%v: %d calls, %s", tt.args, calls, r.errs)
		}
		if len(tt.args) > 0 && tt.args[0] == "--no-roles" {
			continue
		}
		if diff := cmp.Diff([]string{annsRoles, bobsRoles, "[]"}, rolesOf(t, r)); diff != "" {
			t.Errorf("%v: roles (-want +got):\n%s", tt.args, diff)
		}
	}
}

// A missing scope does not stop the export. The warning says how many groups could not
// be read, if known. No list is refused twice.
func TestGroupsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const missing = ": roles held through groups may be missing (1 user of enterprise connections)\n"
	for scope, want := range map[string]string{
		"read:groups":        "cannot read whether groups hold roles" + missing,
		"read:group_roles":   "cannot read which roles the tenant's groups hold" + missing,
		"read:group_members": "cannot read the members of 2 groups with roles" + missing,
	} {
		s := auth0test.New(withGroups(), auth0test.Options{Scopes: without(scope)})
		r := runInBubble(t, s)
		r.expect(t, 0, "a0export: warning: "+want, "a0export: hint: grant the application the scope "+scope+" (",
			"; or leave groups out with --no-groups\n")
		if diff := cmp.Diff([]string{annsRoles, bobsRoles, "[]"}, rolesOf(t, r)); diff != "" {
			t.Errorf("%s: roles (-want +got):\n%s", scope, diff)
		}
		refused := 0
		for _, call := range s.Calls() {
			if call.Status == http.StatusForbidden {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("%s: %d calls were refused", scope, refused)
		}
	}
	// Any other failure stops the export.
	for _, path := range []string{"/groups", "/roles/rol_AAAAAAAAAAAAAAAA/groups", "/groups/grp_1/members"} {
		for _, status := range []int{400, 401} {
			fault := faultAt("/api/v2"+path, httpapitest.Fault{Status: status, Body: `{"message":"No"}`})
			s := auth0test.New(withGroups(), auth0test.Options{Faults: fault})
			runInBubble(t, s).expect(t, 1, fmt.Sprintf("%s: %d", path, status))
		}
	}
}

// The export warns of group members who are not in it: they may be new users.
func TestGroupMembersWhoAreNoUsers(t *testing.T) {
	t.Parallel()
	tenant := withGroups()
	tenant.Groups[0].Members = append(tenant.Groups[0].Members, auth0test.GroupMember{ID: "auth0|new"})
	runInBubble(t, auth0test.New(tenant, auth0test.Options{})).expect(t, 0,
		"a0export: warning: 1 user with roles not in the export")
}
