package permitload

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// invoices has two resources, a role with all permissions, a role that reads invoices,
// and a user for each role.
const invoices = `{"type":"resource","key":"invoices","name":"Invoices",` +
	`"actions":{"read":{"name":"read:invoices","description":"Read them","attributes":{"auth0_api":"https://api"}},` +
	`"write":{}}}
{"type":"resource","key":"users","actions":{"read":{}}}
{"type":"role","key":"Admin","permissions":["invoices:read","invoices:write","users:read"]}
{"type":"role","key":"Clerk","permissions":["invoices:read"]}
{"type":"user","key":"auth0|ann","role_assignments":[{"role":"Admin"}]}
{"type":"user","key":"auth0|bob","role_assignments":[{"role":"Clerk"}]}
` + endLine

// invoicesState is what Permit has after a load of invoices.
func invoicesState() permittest.State {
	return permittest.State{
		Resources: []permittest.Resource{
			{Key: "invoices", Name: "Invoices", Actions: []permittest.Action{
				{
					Key: "read", Name: "read:invoices", Description: "Read them",
					Attributes: map[string]any{"auth0_api": "https://api"},
				},
				{Key: "write", Name: "write"},
			}},
			{Key: "users", Name: "users", Actions: []permittest.Action{{Key: "read", Name: "read"}}},
		},
		Roles: []permittest.Role{
			{Key: "Admin", Name: "Admin", Permissions: []string{"invoices:read", "invoices:write", "users:read"}},
			{Key: "Clerk", Name: "Clerk", Permissions: []string{"invoices:read"}},
		},
		Tenants:     defaultTenants(),
		Users:       []permittest.User{{Key: "auth0|ann"}, {Key: "auth0|bob"}},
		Assignments: roleAssignments("auth0|ann Admin default", "auth0|bob Clerk default"),
	}
}

// Permissions of roles are loaded, and the same load again writes nothing.
func TestPermissionsAreLoaded(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	got := run(t, srv, invoices, "--create-missing", "yes", "--verify")
	wantExit(t, got, tool.Done, "resources: 2 to create (invoices (2 actions), users (1 action))")
	wantState(t, srv, invoicesState())
	wantNoWrites(t, srv, func() { wantExit(t, run(t, srv, invoices), tool.Done) })
	if n := countCalls(srv, "PUT S/resources", "PATCH S/resources"); n > 0 {
		t.Errorf("%d calls replace a resource, and so the actions of others", n)
	}
}

// An existing role gets more permissions only after a yes, and keeps those that others
// gave it.
func TestGrants(t *testing.T) {
	t.Parallel()
	state := invoicesState()
	shred := permittest.Action{Key: "shred", Name: "shred"}
	state.Resources[0].Actions = slices.Insert(state.Resources[0].Actions, 1, shred)
	state.Roles[0].Permissions = []string{"invoices:shred"}
	state.Roles[1].Extends = []string{"Reader"}
	state.Roles[1].Permissions = nil
	reader := permittest.Role{Key: "Reader", Name: "Reader", Permissions: []string{"invoices:read"}}
	state.Roles = append(state.Roles, reader)

	t.Run("nobody to ask", func(t *testing.T) {
		t.Parallel()
		srv := permittest.New(permittest.Options{})
		srv.Seed(state)
		got := run(t, srv, invoices)
		wantNothingWritten(t, srv, got, "hint: --grant yes gives them")
		wantExit(t, got, tool.Stopped, "hint: --grant no loads the rest")
	})
	t.Run("no", func(t *testing.T) {
		t.Parallel()
		srv := permittest.New(permittest.Options{})
		srv.Seed(state)
		got := run(t, srv, invoices, "--grant", "no")
		wantExit(t, got, tool.Rejected)
		wantState(t, srv, state)
		wantRejected(t, got, "Admin not_granted")
	})
	t.Run("yes", func(t *testing.T) {
		t.Parallel()
		srv := permittest.New(permittest.Options{})
		srv.Seed(state)
		got := run(t, srv, invoices, "--grant", "yes")
		wantExit(t, got, tool.Done, "permissions: 3 to give to 1 existing role (Admin (invoices:read,")
		want := state
		want.Roles = slices.Clone(state.Roles)
		want.Roles[0].Permissions = []string{"invoices:read", "invoices:shred", "invoices:write", "users:read"}
		wantState(t, srv, want)
	})
}

// If an action is deleted during the load, the role gets its other permissions, its users
// are loaded, and its line comes out, whatever Permit answers.
func TestPermissionWhoseActionIsGone(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 422, 400, 200} {
		for _, exists := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d, role exists %v", status, exists), func(t *testing.T) {
				t.Parallel()
				srv := permittest.New(permittest.Options{MissingAction: status})
				if exists {
					srv.Seed(permittest.State{Roles: []permittest.Role{{Key: "Admin", Name: "Admin"}, {Key: "Clerk", Name: "Clerk"}}})
				}
				isGone := false
				gone := beforeEachCall(srv, func(_ *http.Request, call string) {
					if strings.HasPrefix(call, "POST S/roles") && !isGone {
						isGone = true
						deleteInPermit(t, srv, schemaPath+"/resources/users")
					}
				})
				synctest.Test(t, func(t *testing.T) {
					got := load(t.Context(), gone, invoices, func(c *loadSettings) { c.grant = "yes" })
					wantReport(t, got, tool.Rejected)
					if diff := cmp.Diff([]string{"Admin"}, rejectedKeys(t, got.stdout)); diff != "" {
						t.Error(diff)
					}
					if !strings.Contains(got.stdout, "users:read") {
						t.Errorf("the line does not say what it lacks: %s", got.stdout)
					}
				})
				st := srv.State()
				if diff := cmp.Diff([]string{"invoices:read", "invoices:write"}, st.Roles[0].Permissions); diff != "" {
					t.Error(diff)
				}
				if len(st.Assignments) != 2 {
					t.Errorf("assignments: %v", st.Assignments)
				}
			})
		}
	}
}

// Somebody else creates the resource at the same moment.
func TestResourcesOfOthers(t *testing.T) {
	t.Parallel()
	others := map[string]string{
		"the resource": `{"key":"invoices","name":"Theirs","actions":{"shred":{"name":"shred"},"read":{"name":"read"}}}`,
	}
	for name, body := range others {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			done := false
			faster := beforeEachCall(srv, func(_ *http.Request, call string) {
				if call == "POST S/resources" && !done {
					done = true
					callPermit(t, srv, http.MethodPost, schemaPath+"/resources", body)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				wantReport(t, load(t.Context(), faster, invoices), tool.Done)
			})
			var keys []string
			for _, a := range srv.State().Resources[0].Actions {
				keys = append(keys, a.Key)
			}
			if diff := cmp.Diff([]string{"read", "shred", "write"}, keys); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Somebody else creates the role during the load, and may give it to people. It gets no
// permissions without a question, and its line comes out.
func TestRoleOfOthersIsGivenNothing(t *testing.T) {
	t.Parallel()
	for before, nth := range map[string]int{"GET S/roles": 2, "POST S/roles": 1} { // the list is read again
		t.Run(before, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			asked := 0
			faster := beforeEachCall(srv, func(_ *http.Request, call string) {
				if call != before {
					return
				}
				if asked++; asked == nth {
					body := `{"key":"Admin","name":"Admin","permissions":["invoices:read"]}`
					callPermit(t, srv, http.MethodPost, schemaPath+"/roles", body)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				got := load(t.Context(), faster, invoices)
				wantReport(t, got, tool.Rejected, "roles: 1 added, 1 left over", "users: 2 added")
				wantRejected(t, got, "Admin not_granted")
			})
			if diff := cmp.Diff([]string{"invoices:read"}, srv.State().Roles[0].Permissions); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Permit may have an action of this name from another API, loaded earlier. Nobody is given
// both for one.
func TestPermissionOfAnotherAPIStopsTheLoad(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	line := func(api string) string {
		return lines(`{"type":"resource","key":"users","actions":{"read":{"attributes":{"auth0_api":"`+api+
			`","auth0_permission":"read:users"}}}}`, `{"type":"role","key":"Boss","permissions":["users:read"]}`) + endLine
	}
	wantExit(t, run(t, srv, line("https://hr"), "--create-missing", "yes"), tool.Done)
	before := srv.State()
	const says = "users:read stands for read:users of https://hr, and also for read:users of https://crm"
	const hint = "hint: a0tojsonl --permission-map FILE keeps them apart, with the line https://crm,read:users,"
	got := run(t, srv, line("https://crm"), "--dry-run")
	wantExit(t, got, tool.Done, "warning: the real run stops: "+says, hint)
	got = run(t, srv, line("https://crm"), "--create-missing", "yes", "--grant", "yes", "--yes")
	wantExit(t, got, tool.Stopped, "error: "+says+"; nothing was written", hint)
	wantState(t, srv, before)
	wantExit(t, run(t, srv, line("https://hr")), tool.Done, "resources: 1 unchanged")

	// Nor do two streams that are joined make them one.
	srv = permittest.New(permittest.Options{})
	got = run(t, srv, line("https://hr")+line("https://crm"), "--create-missing", "yes")
	wantExit(t, got, tool.Stopped, "error: "+says+"; nothing was written")
	if n := countWrites(srv); n > 0 {
		t.Errorf("%d writes", n)
	}
}

// Permit may have the role of another Auth0 role, such as an organization's for the
// tenant's. Its permissions are not for the holders of the one in the input, unless
// somebody says so.
func TestRoleOfAnotherIDIsAsked(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Roles: []permittest.Role{{
		Key: "Admin", Name: "Admin", Attributes: map[string]any{"auth0_role_id": "rol_tenant"},
	}}})
	input := lines(`{"type":"role","key":"Admin","attributes":{"auth0_role_id":"rol_org"}}`,
		`{"type":"user","key":"ann","role_assignments":[{"role":"Admin"}]}`) + endLine
	got := run(t, srv, input)
	wantNothingWritten(t, srv, got, "--yes answers yes")
	wantExit(t, got, tool.Stopped, "Admin (rol_tenant in Permit, rol_org in the input)",
		"error: to treat 1 role as the same in environment Development (dev) needs a yes")
	wantExit(t, run(t, srv, input, "--dry-run"), tool.Done,
		"warning: 1 role: another role of Auth0 has the same key in Permit",
		"the real run asks whether to treat 1 role as the same (a0tojsonl --role-map FILE")
	wantExit(t, run(t, srv, input, "--yes"), tool.Done,
		"warning: 1 role: another role of Auth0 has the same key in Permit")
}

// A thousand permissions take few calls. If Permit fails above forty, they go in parts.
func TestManyPermissions(t *testing.T) {
	t.Parallel()
	var actions, permissions []string
	for i := range 1000 {
		actions = append(actions, fmt.Sprintf(`"a%03d":{}`, i))
		permissions = append(permissions, fmt.Sprintf("big:a%03d", i))
	}
	input := lines(`{"type":"resource","key":"big","actions":{`+strings.Join(actions, ",")+`}}`,
		`{"type":"role","key":"Admin","permissions":["`+strings.Join(permissions, `","`)+`"]}`) + endLine
	for _, most := range []int{0, 40} {
		for _, exists := range []bool{false, true} {
			t.Run(fmt.Sprintf("at most %d, role exists %v", most, exists), func(t *testing.T) {
				t.Parallel()
				srv := permittest.New(permittest.Options{MaxPermissions: most})
				if exists {
					srv.Seed(permittest.State{Roles: []permittest.Role{{Key: "Admin", Name: "Admin"}}})
				}
				synctest.Test(t, func(t *testing.T) {
					got := load(t.Context(), srv, input, func(c *loadSettings) { c.grant = "yes" })
					wantReport(t, got, tool.Done)
				})
				if diff := cmp.Diff(permissions, srv.State().Roles[0].Permissions); diff != "" {
					t.Error(diff)
				}
				n := countCalls(srv, "POST S/roles/Admin/permissions")
				t.Logf("%d calls", n)
				if most == 0 && n > 5 || n > 60 {
					t.Errorf("%d calls", n)
				}
			})
		}
	}
}

// Roles that go in a bulk call get their permissions, too.
func TestManyRolesWithPermissions(t *testing.T) {
	t.Parallel()
	texts := []string{`{"type":"resource","key":"r","actions":{"read":{},"write":{}}}`}
	for i := range 60 {
		texts = append(texts, fmt.Sprintf(`{"type":"role","key":"role%02d","permissions":["r:write","r:read"]}`, i))
	}
	srv := permittest.New(permittest.Options{})
	synctest.Test(t, func(t *testing.T) {
		wantReport(t, load(t.Context(), srv, lines(texts...)+endLine), tool.Done)
	})
	for _, r := range srv.State().Roles {
		if diff := cmp.Diff([]string{"r:read", "r:write"}, r.Permissions); diff != "" {
			t.Error(r.Key, diff)
		}
	}
	if n := countCalls(srv, "POST S/roles"); n > 0 || countBulkCalls(srv) != 1 {
		t.Errorf("%d calls for single roles, and %d bulk calls", n, countBulkCalls(srv))
	}
}

// Permissions take this many calls, and wait this long for the limit of schema writes.
func TestCallsOfPermissions(t *testing.T) {
	t.Parallel()
	resources := func(n, actions int) (texts []string) {
		for i := range n {
			var list []string
			for j := range actions {
				list = append(list, fmt.Sprintf(`"a%d":{}`, j))
			}
			texts = append(texts, fmt.Sprintf(`{"type":"resource","key":"res%d","actions":{%s}}`, i, strings.Join(list, ",")))
		}
		return texts
	}
	roles := func(n int) (texts []string) {
		for i := range n {
			texts = append(texts, fmt.Sprintf(`{"type":"role","key":"role%d","permissions":["res0:a0"]}`, i))
		}
		return texts
	}
	having := func(n, actions, roles int) (st permittest.State) {
		for i := range n {
			r := permittest.Resource{Key: fmt.Sprintf("res%d", i), Name: "R"}
			for j := range actions {
				r.Actions = append(r.Actions, permittest.Action{Key: fmt.Sprintf("a%d", j), Name: "A"})
			}
			st.Resources = append(st.Resources, r)
		}
		for i := range roles {
			st.Roles = append(st.Roles, permittest.Role{Key: fmt.Sprintf("role%d", i), Name: "R"})
		}
		return st
	}
	const minute = time.Minute
	for _, tt := range []struct {
		name         string
		input        []string
		have         permittest.State
		schema, bulk int
		wait         time.Duration
	}{
		{"3 APIs, 12 new roles", slices.Concat(resources(3, 40), roles(12)), having(0, 0, 0), 15, 0, 0},
		{"20 nouns, 30 new roles", slices.Concat(resources(20, 2), roles(30)), having(0, 0, 0), 20, 1, 0},
		{"100 resources, 300 new roles", slices.Concat(resources(100, 3), roles(300)), having(0, 0, 0), 100, 1, 2 * minute},
		{"200 roles that lack some", roles(200), having(1, 1, 200), 200, 0, 4 * minute},
		{"10 resources that lack 10 actions each", resources(10, 11), having(10, 1, 0), 100, 0, 2 * minute},
		{"again", slices.Concat(resources(250, 1)), having(250, 1, 0), 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			srv.Seed(tt.have)
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got := load(t.Context(), srv, lines(tt.input...)+endLine, func(c *loadSettings) { c.grant = "yes" })
				wantReport(t, got, tool.Done)
				if waited := time.Since(began); waited < tt.wait || waited > tt.wait+time.Minute {
					t.Errorf("it took %s, want %s", waited, tt.wait)
				}
			})
			schema := countCalls(srv, "POST S/resources", "POST S/roles")
			if schema != tt.schema || countBulkCalls(srv) != tt.bulk || srv.Refused() > 0 {
				t.Errorf("%d schema calls, %d bulk calls, %d refused as too many; want %d and %d",
					schema, countBulkCalls(srv), srv.Refused(), tt.schema, tt.bulk)
			}
			if n := countCalls(srv, "GET S/resources"); n != max(1, (len(tt.have.Resources)+99)/100) {
				t.Errorf("%d reads of resources", n)
			}
		})
	}
}

// An environment may give permissions to its default roles by itself. The load reports
// that and exits with 3.
func TestDefaultRolesAreTold(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{DefaultRoles: true})
	input := strings.ReplaceAll(invoices, "Admin", "Boss") // which is not one of the default roles
	got := run(t, srv, input, "--create-missing", "yes")
	wantExit(t, got, tool.Rejected, "warning: role viewer now permits invoices:read, users:read, which nobody asked for")
	got = run(t, srv, input)
	wantExit(t, got, tool.Done)
}

// Default roles get nothing behind the back of --grant no, although their lines ask for it.
func TestDefaultRolesDoNotBypassGrantNo(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{DefaultRoles: true})
	srv.Seed(permittest.State{Roles: []permittest.Role{{Key: "viewer", Name: "Viewer"}}})
	input := strings.NewReplacer("Clerk", "viewer", "Admin", "Boss").Replace(invoices)
	got := run(t, srv, input, "--create-missing", "yes", "--grant", "no")
	wantExit(t, got, tool.Rejected, "warning: role viewer now permits invoices:read")
}

// A removal that Permit answers with success and does not carry out is no success. One
// that fails above forty permissions goes in parts.
func TestRemovalOfPermissionsIsChecked(t *testing.T) {
	t.Parallel()
	var actions []permittest.Action
	var permissions []string
	for i := range 100 {
		key := fmt.Sprintf("a%02d", i)
		actions = append(actions, permittest.Action{Key: key, Name: key})
		permissions = append(permissions, "big:"+key)
	}
	state := permittest.State{
		Resources: []permittest.Resource{{Key: "big", Name: "Big", Actions: actions}},
		Roles:     []permittest.Role{{Key: "Admin", Name: "Admin", Permissions: permissions}},
	}
	line := lines(`{"type":"role","key":"Admin","permissions":["`+strings.Join(permissions, `","`)+`"]}`) + endLine
	for name, o := range map[string]permittest.Options{
		"in parts": {MaxPermissions: 40},
		"not done": {Flaws: faultOn("DELETE S/roles/Admin/permissions", permittest.NotDone)},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(o)
			srv.Seed(state)
			got := removeUsers(t.Context(), srv, line)
			left := len(srv.State().Roles[0].Permissions)
			switch {
			case name == "in parts" && (got.code != tool.Done || left > 0):
				t.Errorf("exit %d, %d permissions are left", got.code, left)
			case name == "not done" && (got.code != tool.Rejected || !strings.Contains(got.stdout, "role Admin keeps big:a00")):
				t.Errorf("exit %d, stdout %s", got.code, got.stdout)
			}
		})
	}
}

// Remove takes the permissions of a role line from the role, and leaves the role.
func TestRemovePermissions(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(invoicesState())
	got := run(t, srv, lines(`{"type":"role","key":"Admin","permissions":["users:read","invoices:write","no:such"]}`,
		`{"type":"role","key":"Nobody","permissions":["users:read"]}`)+endLine, "remove", "--yes", "--remove-limit", "100")
	want := invoicesState()
	want.Roles[0].Permissions = []string{"invoices:read"}
	wantExit(t, got, tool.Done, "2 permissions")
	wantState(t, srv, want)
}
