package permitload

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// needsRoleAndTenant has two users. One of them needs a role and a tenant that Permit
// lacks.
const needsRoleAndTenant = `{"type":"role","key":"Admin","name":"Administrator","description":"May do all",` +
	`"attributes":{"auth0_role_id":"rol_1"}}
{"type":"tenant","key":"org_1","name":"Acme Inc"}
{"type":"user","key":"auth0|ann","role_assignments":[{"role":"Admin","tenant":"org_1"},{"role":"Admin"}]}
{"type":"user","key":"auth0|bob","role_assignments":[]}
` + endLine

// One run creates what is missing and gives it to users, so nobody has to load twice.
func TestMissingRolesAreCreatedInTheSameRun(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	got := run(t, srv, needsRoleAndTenant, "--create-missing", "yes")
	wantExit(t, got, tool.Done,
		"roles: 1 to create (Admin)", "tenants: 1 to create (org_1)", "users: 2 to add, 0 to change, 0 unchanged",
		"role assignments: 2 to add, 0 there already",
		"warning: 1 role created in Permit without permissions: give them some there",
		"roles: 1 added; "+
			"tenants: 1 added; "+
			"users: 2 added; 2 role assignments added")
	wantState(t, srv, permittest.State{
		Roles: []permittest.Role{{
			Key: "Admin", Name: "Administrator", Description: "May do all",
			Attributes: map[string]any{"auth0_role_id": "rol_1"},
		}},
		Tenants:     append(defaultTenants(), permittest.Tenant{Key: "org_1", Name: "Acme Inc"}),
		Users:       []permittest.User{{Key: "auth0|ann"}, {Key: "auth0|bob"}},
		Assignments: roleAssignments("auth0|ann Admin default", "auth0|ann Admin org_1"),
	})
	wantNoWrites(t, srv, func() {
		wantExit(t, run(t, srv, needsRoleAndTenant), tool.Done,
			"roles: 1 unchanged", "users: 2 unchanged")
	})
}

// Without an answer nothing is written. Package e2e has a terminal, and gives one.
func TestNothingIsWrittenWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	got := run(t, srv, needsRoleAndTenant)
	wantExit(t, got, tool.Stopped,
		"permitload: error: Permit lacks 1 role (Admin) and 1 tenant (org_1), "+
			"and there is no terminal to ask on; nothing was written",
		"hint: --create-missing yes", "hint: --create-missing no")
	wantNothingWritten(t, srv, got, "--create-missing")
}

// With --create-missing no, users who need what is missing are not loaded.
func TestUsersOfMissingRolesAreRejected(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	got := run(t, srv, needsRoleAndTenant, "--create-missing", "no")
	wantExit(t, got, tool.Rejected,
		"roles: 1 missing, and not created (Admin)", "role assignments: 0 to add, 0 there already, 2 not possible",
		"roles: 1 left over", "users: 1 added, 1 left over")
	wantRejected(t, got, "auth0|ann missing_role", "Admin missing_role", "org_1 missing_tenant")
	wantState(t, srv, permittest.State{
		Tenants: defaultTenants(), Users: []permittest.User{{Key: "auth0|ann"}, {Key: "auth0|bob"}},
	})

	// Once it exists, the lines that were left over can be loaded.
	srv.Seed(permittest.State{
		Roles: []permittest.Role{{Key: "Admin"}}, Tenants: []permittest.Tenant{{Key: "org_1"}},
	})
	wantExit(t, run(t, srv, got.stdout, "--create-missing", "no"), tool.Done,
		"users: 1 changed", "roles: 1 unchanged")
	if n := len(srv.State().Assignments); n != 2 {
		t.Errorf("%d assignments", n)
	}
}

// A missing tenant keeps out the users who need it, and nobody else.
func TestMissingTenantCostsItsUsersAlone(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Roles: threeRoles()})
	needsTenant := `{"type":"user","key":"a","role_assignments":[{"role":"Admin","tenant":"org_1"},{"role":"Admin"}]}`
	got := run(t, srv, lines(needsTenant)+bobLine+endLine, "--create-missing", "no")
	wantExit(t, got, tool.Rejected, "role assignments: 1 to add, 0 there already, 1 not possible", "users: 1 added")
	wantRejected(t, got, "a missing_tenant")
	wantAssignments(t, srv, roleAssignments("a Admin default"))
}

// A role that Permit refuses keeps out the users who need it, and nobody else.
func TestRefusedRoleCostsItsUsersAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reserved := httpapitest.Fault{Status: 422, Body: `{"detail":"reserved"}`}
		srv := permittest.New(permittest.Options{Faults: faultOn("POST S/roles", reserved, 1)})
		input := needsRoleAndTenant + `{"type":"user","key":"auth0|cai","role_assignments":[{"role":"Editor"}]}`
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Rejected)
		wantRejected(t, got, "auth0|ann Unprocessable Entity", "Admin Unprocessable Entity")
		if !strings.Contains(got.stdout, "role Admin could not be created: reserved") {
			t.Errorf("stdout: %s", got.stdout)
		}
		wantAssignments(t, srv, roleAssignments("auth0|cai Editor default"))
	})
}

// An existing role keeps its name and permissions, even if somebody creates it at that
// moment.
func TestExistingRoleKeepsNameAndPermissions(t *testing.T) {
	t.Parallel()
	theirs := []permittest.Role{{Key: "Admin", Name: "Chief", Permissions: []string{"doc:read"}}}
	for name, createdAt := range map[string]string{
		"before the load": "", "after roles are listed": "GET F/users", "as the load creates it": "POST S/roles",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var srv *permittest.Server
				create := func() { srv.Seed(permittest.State{Roles: theirs}) }
				srv = permittest.New(permittest.Options{Faults: onCall(createdAt, create)})
				if createdAt == "" {
					create()
				}
				wantReport(t, load(t.Context(), srv, needsRoleAndTenant), tool.Done)
				if diff := cmp.Diff(theirs, srv.State().Roles); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if n := len(srv.State().Assignments); n != 2 {
					t.Errorf("%d assignments", n)
				}
			})
		})
	}
}

// The bulk call would replace roles, so they are listed again before it.
func TestBulkCallReplacesNoExistingRole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		theirs := permittest.Role{Key: "r07", Name: "Chief", Permissions: []string{"doc:read"}}
		var srv *permittest.Server
		create := func() { srv.Seed(permittest.State{Roles: []permittest.Role{theirs}}) }
		srv = permittest.New(permittest.Options{Faults: onCall("GET F/users", create)})
		var sixty strings.Builder
		for i := range 60 {
			fmt.Fprintf(&sixty, `{"type":"role","key":"r%02d"}`+"\n", i)
		}
		wantReport(t, load(t.Context(), srv, bobLine+sixty.String()), tool.Done)
		roles := srv.State().Roles
		if len(roles) != 60 || !cmp.Equal(roles[7], theirs) {
			t.Errorf("%d roles, and r07 is %+v", len(roles), roles[7])
		}
	})
}

// Lines of one role count as one, since each joined stream has its own.
func TestRoleAndTenantLinesOfOneKeyAreMerged(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	input := lines(
		`{"type":"role","key":"Admin"}`,
		`{"type":"tenant","key":"org_1","attributes":{"a":1}}`,
		`{"type":"role","key":"Admin","name":"Administrator","description":""}`,
		`{"type":"tenant","key":"org_1","name":"Acme","attributes":{"a":2,"b":3}}`,
		`{"type":"role","key":"Admin","name":"Boss","description":"May do all"}`,
	) + endLine
	wantExit(t, run(t, srv, input, "--create-missing", "yes"), tool.Done,
		"roles: 1 added, 2 repeated; "+
			"tenants: 1 added, 1 repeated")
	acme := permittest.Tenant{Key: "org_1", Name: "Acme", Attributes: map[string]any{"a": 1.0, "b": 3.0}}
	wantState(t, srv, permittest.State{
		Roles:   []permittest.Role{{Key: "Admin", Name: "Administrator", Description: "May do all"}},
		Tenants: append(defaultTenants(), acme),
	})
}

// A tenant gets the name of its line. If Permit refuses, the line comes out.
func TestTenantsAreRenamed(t *testing.T) {
	t.Parallel()
	have := permittest.State{Tenants: []permittest.Tenant{{Key: "org_1", Name: "Acme"}, {Key: "org_2", Name: "Big"}}}
	input := lines(`{"type":"tenant","key":"org_1","name":"Acme Inc"}`, `{"type":"tenant","key":"org_2"}`) + endLine
	srv := permittest.New(permittest.Options{})
	srv.Seed(have)
	wantExit(t, run(t, srv, input), tool.Done,
		`tenants: 1 to rename (org_1 from "Acme" to "Acme Inc")`, "tenants: 1 changed, 1 unchanged")
	if name := srv.State().Tenants[1].Name; name != "Acme Inc" {
		t.Errorf("the tenant is called %s", name)
	}
	wantNoWrites(t, srv, func() {
		wantExit(t, run(t, srv, input), tool.Done, "tenants: 2 unchanged")
	})

	reserved := httpapitest.Fault{Status: 422, Body: `{"detail":"reserved"}`}
	srv = permittest.New(permittest.Options{Faults: faultOn("PATCH F/tenants/org_1", reserved, 1)})
	srv.Seed(have)
	got := run(t, srv, input)
	wantExit(t, got, tool.Rejected, "tenants: 1 unchanged, 1 left over")
	if !strings.Contains(got.stdout, "tenant org_1 could not be renamed: reserved") {
		t.Errorf("stdout: %s", got.stdout)
	}
}

// A role that Permit may have under another key is not created without a question.
func TestResemblingRoleIsNotCreated(t *testing.T) {
	t.Parallel()
	const line = `{"type":"role","key":"billing-viewer","name":"Billing Viewer"}`
	withID := map[string]any{"auth0_role_id": "rol_1"}
	tests := []struct {
		name string
		have permittest.Role
		line string
		says string
	}{
		{"in case", permittest.Role{Key: "Billing_Viewer", Name: "x"}, line, `"Billing Viewer",Billing_Viewer`},
		{"by name", permittest.Role{Key: "bv", Name: "billing viewer"}, line, `"Billing Viewer",bv`},
		{
			"by a name in other letters",
			permittest.Role{Key: "r", Name: "R&D général"},
			`{"type":"role","key":"randd-general","name":"R&D Général"}`, `"R&D Général",r`,
		},
		{
			"renamed, and the map has the key",
			permittest.Role{Key: "old", Name: "Old", Attributes: withID},
			`{"type":"role","key":"mapped","name":"New","attributes":{"auth0_role_id":"rol_1"}}`, `"New",old`,
		},
		{
			"renamed",
			permittest.Role{Key: "old", Name: "Old", Attributes: withID},
			`{"type":"role","key":"new","name":"New","attributes":{"auth0_role_id":"rol_1"}}`, `"New",old`,
		},
		{
			"by a name that nobody can type",
			permittest.Role{Key: "old", Name: "billing viewer", Attributes: withID},
			`{"type":"role","key":"billing-viewer","name":"Billing\u200b Viewer","attributes":{"auth0_role_id":"rol_1"}}`,
			`line rol_1,old`,
		},
		{
			"by a name that nobody can type, without an id",
			permittest.Role{Key: "Bill", Name: "x"},
			`{"type":"role","key":"bill","name":"\u0007Bill"}`, `line ROL_ID (a0export roles lists the ids),Bill`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			srv.Seed(permittest.State{Roles: []permittest.Role{tt.have}})
			got := run(t, srv, lines(tt.line)+endLine, "--create-missing", "yes")
			wantExit(t, got, tool.Stopped, "may be in Permit under another key; nothing was written", tt.says)
			wantNothingWritten(t, srv, got, "--role-map")
		})
	}
}

// Similar names mean nothing if somebody has decided: the input has Permit's role, too,
// or a key that is not made from the name.
func TestRoleThatIsKeptApartIsCreated(t *testing.T) {
	t.Parallel()
	admin := permittest.Role{Key: "Admin", Name: "Admin"}
	withID := permittest.Role{Key: "Admin", Name: "Admin", Attributes: map[string]any{"auth0_role_id": "rol_1"}}
	const adminRole = `{"type":"role","key":"Admin","name":"Admin"}`
	tests := []struct {
		name  string
		have  permittest.Role
		lines []string
	}{
		{"another word", admin, []string{`{"type":"role","key":"coadmin","name":"Co-Admin"}`}},
		{"both have lines", admin, []string{adminRole, `{"type":"role","key":"admin","name":"admin"}`}},
		{
			"a user holds both", admin,
			[]string{`{"type":"user","key":"a","role_assignments":[{"role":"Admin"},{"role":"admin"}]}`},
		},
		{"the map has the key", admin, []string{`{"type":"role","key":"head-of-all","name":"Admin"}`}},
		{"the map keeps both apart", admin, []string{adminRole, `{"type":"role","key":"ADMIN","name":"admin"}`}},
		{
			"the map has the key of a name in other letters",
			permittest.Role{Key: "r", Name: "R&D général"},
			[]string{`{"type":"role","key":"research","name":"R&D général"}`},
		},
		{
			"the id is another's", withID,
			[]string{`{"type":"role","key":"head-of-all","name":"Admin","attributes":{"auth0_role_id":"rol_2"}}`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			srv.Seed(permittest.State{Roles: []permittest.Role{tt.have}})
			got := run(t, srv, lines(tt.lines...)+endLine, "--create-missing", "yes")
			wantExit(t, got, tool.Done, "roles: 1 to create (")
			if strings.Contains(got.stderr, "but Permit has") || len(srv.State().Roles) != 2 {
				t.Errorf("Permit has the roles %v\n%s", srv.State().Roles, got.stderr)
			}
		})
	}
}
