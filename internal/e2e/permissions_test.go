package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

// These are the sizes of the tenant whose permissions are compared.
const (
	policyAPIs, policyNouns, policyUsers, policyRoles = 4, 25, 200, 60
)

var verbs = []string{"read", "write", "delete"}

// allowed says that a user has a permission, in Auth0's own words for both sides.
type allowed struct{ user, api, permission string }

// policyTenant returns a tenant of 60 roles and 4 APIs with 300 permissions, named by
// name. Every fifth role is also held through a group.
func policyTenant(name func(api, noun int, verb string) string) auth0test.Tenant {
	r := rand.New(rand.NewPCG(17, 0))
	t := auth0test.Tenant{Connections: connections}
	var all []auth0test.Permission
	for api := range policyAPIs {
		a := auth0test.API{
			ID: fmt.Sprintf("api%d", api), Name: fmt.Sprintf("API %d", api), RBAC: true,
			Identifier: fmt.Sprintf("https://api%d.acme.example", api),
		}
		for noun := range policyNouns {
			for _, verb := range verbs {
				p := name(api, noun, verb)
				a.Scopes = append(a.Scopes, auth0test.Scope{Value: p, Description: "May " + p})
				all = append(all, auth0test.Permission{API: a.Identifier, Name: p})
			}
		}
		t.APIs = append(t.APIs, a)
	}
	for i := range policyUsers {
		t.Users = append(t.Users, user(fmt.Sprintf("auth0|%03d", i), "", "", "", password))
	}
	for i := range policyRoles {
		one := role(i, fmt.Sprintf("role%02d", i))
		for range r.IntN(12) { // some have none
			one.Permissions = append(one.Permissions, all[r.IntN(len(all))])
		}
		slices.SortFunc(one.Permissions, func(a, b auth0test.Permission) int {
			return strings.Compare(a.API+" "+a.Name, b.API+" "+b.Name)
		})
		one.Permissions = slices.Compact(one.Permissions)
		for range 1 + r.IntN(8) {
			one.Members = append(one.Members, t.Users[r.IntN(policyUsers)].ID)
		}
		slices.Sort(one.Members)
		one.Members = slices.Compact(one.Members)
		t.Roles = append(t.Roles, one)
		if i%5 == 0 {
			t.Groups = append(t.Groups, auth0test.Group{
				ID: fmt.Sprintf("grp_%014d", i), Name: fmt.Sprintf("Group %d", i), ConnectionID: connections[0].ID,
				Roles: []string{one.ID}, Members: []auth0test.GroupMember{{ID: t.Users[r.IntN(policyUsers)].ID}},
			})
		}
	}
	return t
}

// allowedInAuth0 returns the permissions of each user, by roles held directly or through
// a group.
func allowedInAuth0(t auth0test.Tenant) map[allowed]bool {
	all := map[allowed]bool{}
	for _, role := range t.Roles {
		holders := slices.Clone(role.Members)
		for _, g := range t.Groups {
			if slices.Contains(g.Roles, role.ID) {
				for _, m := range g.Members {
					holders = append(holders, m.ID)
				}
			}
		}
		for _, holder := range holders {
			for _, p := range role.Permissions {
				all[allowed{holder, p.API, p.Name}] = true
			}
		}
	}
	return all
}

// allowedInPermit returns the permissions of each user in an environment. Those that did
// not come from Auth0 are in others.
func allowedInPermit(s *permittest.Server) (all map[allowed]bool, others []string) {
	st := s.State()
	names := map[string]allowed{}
	for _, r := range st.Resources {
		for _, a := range r.Actions {
			api, _ := a.Attributes["auth0_api"].(string)
			name, _ := a.Attributes["auth0_permission"].(string)
			names[r.Key+":"+a.Key] = allowed{"", api, name}
		}
	}
	all = map[allowed]bool{}
	for _, u := range st.Users {
		for _, p := range s.EffectivePermissions(u.Key)["default"] {
			one := names[p]
			if one.api == "" {
				others = append(others, u.Key+" "+p)
				continue
			}
			one.user = u.Key
			all[one] = true
		}
	}
	return all, others
}

// Each user may do the same in Permit as in Auth0, for every form of permission names.
// What others made in Permit stays, and a second load writes nothing.
func TestPermissionsAreTheSame(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the pipe needs a shell")
	}
	for form, name := range map[string]func(api, noun int, verb string) string{
		"action:resource": func(api, noun int, verb string) string { return fmt.Sprintf("%s:noun%d-%d", verb, api, noun) },
		"resource:action": func(api, noun int, verb string) string { return fmt.Sprintf("noun%d:%d:%s", api, noun, verb) },
		// The same names on each API are different permissions.
		"api": func(_, noun int, verb string) string { return fmt.Sprintf("%s:noun-%d", verb, noun) },
	} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			tenant := policyTenant(name)
			auth0 := auth0test.New(tenant, auth0test.Options{Polls: -1})
			domain, stop := auth0.Start()
			defer stop()
			permit := permittest.New(permittest.Options{Unlimited: true})
			permit.Seed(permittest.State{
				Resources: []permittest.Resource{{
					Key: "ours", Name: "Ours", Actions: []permittest.Action{{Key: "see", Name: "See"}, {Key: "do", Name: "Do"}},
				}},
				Roles: []permittest.Role{
					{Key: "by-hand", Name: "By hand", Permissions: []string{"ours:do"}},
					{Key: "role07", Name: "role07", Permissions: []string{"ours:see"}},
				},
				Users: []permittest.User{{Key: "auth0|000"}, {Key: "local|zoe"}},
				Assignments: []permittest.Assignment{
					{User: "auth0|000", Role: "by-hand", Tenant: "default"},
					{User: "local|zoe", Role: "role07", Tenant: "default"},
				},
			})
			address, stop := permit.Start()
			defer stop()
			pipe := exec.CommandContext(t.Context(), "sh", "-c", `set -e
a0export all -o all.csv.gz
a0tojsonl --permission-form `+form+` -o records.jsonl all.csv.gz
permitload --rate schema=1000/1s --create-missing yes --grant yes records.jsonl
permitload records.jsonl`)
			pipe.Dir = t.TempDir()
			pipe.Env = append(pipe.Environ(), "AUTH0_DOMAIN="+domain, "AUTH0_API_TOKEN="+auth0test.DefaultToken,
				"PERMIT_API_URL="+address, "PERMIT_API_KEY="+permittest.DefaultKey)
			said, err := pipe.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}

			want := allowedInAuth0(tenant)
			// A user whom Auth0 does not know may hold a role that it does.
			for _, p := range tenant.Roles[7].Permissions {
				want[allowed{"local|zoe", p.API, p.Name}] = true
			}
			got, others := allowedInPermit(permit)
			if !reflect.DeepEqual(want, got) {
				t.Errorf("user, API and permission (-Auth0 +Permit):\n%s", cmp.Diff(want, got, cmp.AllowUnexported(allowed{})))
			}
			t.Logf("%d triples of user, API and permission are the same on both sides", len(want))
			wantOthers := []string{"auth0|000 ours:do", "local|zoe ours:see"}
			for _, holder := range tenant.Roles[7].Members {
				wantOthers = append(wantOthers, holder+" ours:see")
			}
			slices.Sort(wantOthers)
			if diff := cmp.Diff(wantOthers, others); diff != "" {
				t.Errorf("what others gave (-want +got):\n%s", diff)
			}
			wantPolicyCalls(t, auth0.Calls(), permit.Calls())
		})
	}
}

// wantPolicyCalls wants no more calls for permissions than the contract allows: one to
// Auth0 for the APIs and one for each role, and no write to Permit the second time.
func wantPolicyCalls(t *testing.T, auth0, permit []httpapitest.Call) {
	t.Helper()
	n := 0
	for _, c := range auth0 {
		if strings.HasSuffix(c.Path, "/resource-servers") || strings.HasSuffix(c.Path, "/permissions") {
			n++
		}
	}
	if most := 1 + policyRoles; n > most {
		t.Errorf("%d calls to Auth0 for permissions, more than %d", n, most)
	}
	scopes, writes, schema := 0, 0, 0
	for _, c := range permit {
		if strings.HasSuffix(c.Path, "/api-key/scope") {
			scopes, writes = scopes+1, 0
		}
		if c.Method != http.MethodGet {
			writes++
		}
		if c.Method == http.MethodPost && strings.Contains(c.Path, "/v2/schema/") {
			schema++
		}
		if c.Method == http.MethodPatch || c.Method == http.MethodPut && strings.Contains(c.Path, "/resources") {
			t.Errorf("%s %s replaces a resource", c.Method, c.Path)
		}
	}
	if scopes != 2 || writes != 0 {
		t.Errorf("%d runs, %d writes in the last", scopes, writes)
	}
	t.Logf("%d calls to Auth0 for permissions; to Permit %d schema calls", n, schema)
}
