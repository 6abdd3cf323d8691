package permitload

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// Two users, one of whom needs a role and a tenant that Permit lacks.
const needsRoleAndTenant = `{"type":"role","key":"Admin","name":"Administrator","description":"May do all","attributes":{"auth0_role_id":"rol_1"}}
{"type":"tenant","key":"org_1","name":"Acme Inc"}
{"type":"user","key":"auth0|ann","role_assignments":[{"role":"Admin","tenant":"org_1"},{"role":"Admin"}]}
{"type":"user","key":"auth0|bob","role_assignments":[]}
` + endLine

// One run does it all: whoever had to run twice would forget to.
func TestMissingRolesAreCreatedInTheSameRun(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	got := run(t, srv, needsRoleAndTenant, "--create-missing", "yes")
	wantExit(t, got, tool.Done,
		"+ 1 role: Admin", "+ 1 tenant: org_1", "+ 2 users  ~ 0  = 0", "+ 2 role assignments  = 0",
		"warning: 1 role created in Permit: nobody is allowed anything by them",
		"roles: 1 in = 1 loaded + 0 unchanged + 0 not loaded; tenants: 1 in = 1 loaded + 0 unchanged + 0 not loaded; users: 2 in = 2 loaded + 0 unchanged + 0 not loaded; 2 role assignments made")
	wantState(t, srv, permittest.State{
		Roles:   []permittest.Role{{Key: "Admin", Name: "Administrator", Description: "May do all", Attributes: map[string]any{"auth0_role_id": "rol_1"}}},
		Tenants: []permittest.Tenant{{Key: "default", Name: "Default Tenant"}, {Key: "org_1", Name: "Acme Inc"}},
		Users:   []permittest.User{{Key: "auth0|ann"}, {Key: "auth0|bob"}},
		Assignments: []permittest.Assignment{
			{User: "auth0|ann", Role: "Admin", Tenant: "default"}, {User: "auth0|ann", Role: "Admin", Tenant: "org_1"},
		},
	})
	before := countWrites(srv)
	wantExit(t, run(t, srv, needsRoleAndTenant), tool.Done, "roles: 1 in = 0 loaded + 1 unchanged", "users: 2 in = 0 loaded + 2 unchanged", "0 role assignments made")
	if n := countWrites(srv) - before; n != 0 {
		t.Errorf("%d writes the second time", n)
	}
}

// Without an answer nothing is written. (With one: package e2e, which has a
// terminal.)
func TestNothingIsWrittenWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	got := run(t, srv, needsRoleAndTenant)
	wantExit(t, got, tool.Stopped,
		"permitload: error: Permit lacks 1 role (Admin) and 1 tenant (org_1), and there is no terminal to ask on; nothing was written",
		"hint: --create-missing yes", "hint: --create-missing no")
	wantNothingWritten(t, srv, got, "--create-missing")
}

func TestUsersOfMissingRolesAreRejected(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	got := run(t, srv, needsRoleAndTenant, "--create-missing", "no")
	wantExit(t, got, tool.Rejected,
		"! 1 role missing, and not created: Admin", "+ 0 role assignments  = 0  ! 2 that name what is missing",
		"roles: 1 in = 0 loaded + 0 unchanged + 1 not loaded", "users: 2 in = 1 loaded + 0 unchanged + 1 not loaded")
	if diff := cmp.Diff([]string{"auth0|ann missing_role", "Admin missing_role", "org_1 missing_tenant"}, rejectedCodes(t, got.out)); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	wantState(t, srv, permittest.State{Tenants: usersWithRoles(0).Tenants, Users: []permittest.User{{Key: "auth0|ann"}, {Key: "auth0|bob"}}})

	// Once somebody has made them, what was left can be loaded.
	srv.Seed(permittest.State{Roles: []permittest.Role{{Key: "Admin"}}, Tenants: []permittest.Tenant{{Key: "org_1"}}})
	wantExit(t, run(t, srv, got.out, "--create-missing", "no"), tool.Done, "users: 1 in = 1 loaded", "roles: 1 in = 0 loaded + 1 unchanged")
	if n := len(srv.State().Assignments); n != 2 {
		t.Errorf("%d assignments", n)
	}
}

// A missing tenant costs its users alone.
func TestMissingTenantCostsItsUsersAlone(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Roles: usersWithRoles(0).Roles})
	got := run(t, srv, `{"type":"user","key":"a","role_assignments":[{"role":"Admin","tenant":"org_1"},{"role":"Admin"}]}`+"\n"+bobLine+endLine, "--create-missing", "no")
	wantExit(t, got, tool.Rejected, "+ 1 role assignment  = 0  ! 1 that name what is missing", "users: 2 in = 1 loaded")
	if diff := cmp.Diff([]string{"a missing_tenant"}, rejectedCodes(t, got.out)); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]permittest.Assignment{{User: "a", Role: "Admin", Tenant: "default"}}, srv.State().Assignments); diff != "" {
		t.Errorf("assignments (-want +got):\n%s", diff)
	}
}

// A role that cannot be created costs those who need it, and nobody else.
func TestRefusedRoleCostsItsUsersAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Faults: faultOn("POST S/roles", httpapitest.Fault{Status: 422, Body: `{"detail":"reserved"}`}, 1)})
		got := load(t.Context(), srv, needsRoleAndTenant+`{"type":"user","key":"auth0|cai","role_assignments":[{"role":"Editor"}]}`)
		wantCode(t, got, tool.Rejected)
		if diff := cmp.Diff([]string{"auth0|ann Unprocessable Entity", "Admin Unprocessable Entity"}, rejectedCodes(t, got.out)); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
		if !strings.Contains(got.out, "role Admin could not be created: reserved") {
			t.Errorf("stdout: %s", got.out)
		}
		if diff := cmp.Diff([]permittest.Assignment{{User: "auth0|cai", Role: "Editor", Tenant: "default"}}, srv.State().Assignments); diff != "" {
			t.Errorf("assignments (-want +got):\n%s", diff)
		}
	})
}

// A role that is there keeps its name and its permissions, even one that
// somebody creates at that very moment.
func TestExistingRoleKeepsNameAndPermissions(t *testing.T) {
	t.Parallel()
	theirs := permittest.Role{Key: "Admin", Name: "Chief", Permissions: []string{"doc:read"}}
	for name, when := range map[string]string{
		"before": "", "after the look": "GET F/users", "in between": "POST S/roles",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var srv *permittest.Server
				srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
					if shortCall(r.Method, r.URL.EscapedPath()) == when {
						srv.Seed(permittest.State{Roles: []permittest.Role{theirs}})
					}
					return httpapitest.Fault{}
				}})
				if when == "" {
					srv.Seed(permittest.State{Roles: []permittest.Role{theirs}})
				}
				wantCode(t, load(t.Context(), srv, needsRoleAndTenant), tool.Done)
				if diff := cmp.Diff([]permittest.Role{theirs}, srv.State().Roles); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if n := len(srv.State().Assignments); n != 2 {
					t.Errorf("%d assignments", n)
				}
			})
		})
	}
}

// The bulk call would replace a role, so the list is read again before it.
func TestBulkCallReplacesNoExistingRole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		theirs := permittest.Role{Key: "r07", Name: "Chief", Permissions: []string{"doc:read"}}
		var srv *permittest.Server
		srv = permittest.New(permittest.Options{Faults: onCall("GET F/users", func() { srv.Seed(permittest.State{Roles: []permittest.Role{theirs}}) })})
		var sixty strings.Builder
		for i := range 60 {
			fmt.Fprintf(&sixty, `{"type":"role","key":"r%02d"}`+"\n", i)
		}
		wantCode(t, load(t.Context(), srv, bobLine+sixty.String()), tool.Done)
		roles := srv.State().Roles
		if len(roles) != 60 || !cmp.Equal(roles[7], theirs) {
			t.Errorf("%d roles, and r07 is %+v", len(roles), roles[7])
		}
	})
}

// Lines of one role are one: users of several streams bring it several times.
func TestRoleAndTenantLinesOfOneKeyAreMerged(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	got := run(t, srv, `{"type":"role","key":"Admin"}
{"type":"tenant","key":"org_1","attributes":{"a":1}}
{"type":"role","key":"Admin","name":"Administrator","description":""}
{"type":"tenant","key":"org_1","name":"Acme","attributes":{"a":2,"b":3}}
{"type":"role","key":"Admin","name":"Boss","description":"May do all"}
`+endLine, "--create-missing", "yes")
	wantExit(t, got, tool.Done, "roles: 3 in = 1 loaded + 0 unchanged + 2 repeated + 0 not loaded; tenants: 2 in = 1 loaded + 0 unchanged + 1 repeated + 0 not loaded")
	wantState(t, srv, permittest.State{
		Roles:   []permittest.Role{{Key: "Admin", Name: "Administrator", Description: "May do all"}},
		Tenants: []permittest.Tenant{{Key: "default", Name: "Default Tenant"}, {Key: "org_1", Name: "Acme", Attributes: map[string]any{"a": 1.0, "b": 3.0}}},
	})
}

func TestTenantsAreRenamed(t *testing.T) {
	t.Parallel()
	have := permittest.State{Tenants: []permittest.Tenant{{Key: "org_1", Name: "Acme"}, {Key: "org_2", Name: "Big"}}}
	input := `{"type":"tenant","key":"org_1","name":"Acme Inc"}` + "\n" + `{"type":"tenant","key":"org_2"}` + "\n" + endLine
	srv := permittest.New(permittest.Options{})
	srv.Seed(have)
	wantExit(t, run(t, srv, input), tool.Done, `~ 1 tenant: org_1 ("Acme" is now "Acme Inc")`, "tenants: 2 in = 1 loaded + 1 unchanged")
	if name := srv.State().Tenants[1].Name; name != "Acme Inc" {
		t.Errorf("the tenant is called %s", name)
	}
	before := countWrites(srv)
	wantExit(t, run(t, srv, input), tool.Done, "tenants: 2 in = 0 loaded + 2 unchanged")
	if n := countWrites(srv) - before; n != 0 {
		t.Errorf("%d writes the second time", n)
	}

	srv = permittest.New(permittest.Options{Faults: faultOn("PATCH F/tenants/org_1", httpapitest.Fault{Status: 422, Body: `{"detail":"reserved"}`}, 1)})
	srv.Seed(have)
	got := run(t, srv, input)
	wantExit(t, got, tool.Rejected, "tenants: 2 in = 0 loaded + 1 unchanged + 1 not loaded")
	if !strings.Contains(got.out, "tenant org_1 could not be renamed: reserved") {
		t.Errorf("stdout: %s", got.out)
	}
}

// A role that Permit may have under another key is not created unasked.
func TestResemblingRoleIsNotCreated(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		have permittest.Role
		line string
		says string
	}{
		{"in case", permittest.Role{Key: "Billing_Viewer", Name: "x"}, `{"type":"role","key":"billing-viewer","name":"Billing Viewer"}`, `"Billing Viewer",Billing_Viewer`},
		{"by name", permittest.Role{Key: "bv", Name: "billing viewer"}, `{"type":"role","key":"billing-viewer","name":"Billing Viewer"}`, `"Billing Viewer",bv`},
		{"renamed", permittest.Role{Key: "old", Name: "Old", Attributes: map[string]any{"auth0_role_id": "rol_1"}}, `{"type":"role","key":"new","name":"New","attributes":{"auth0_role_id":"rol_1"}}`, `"New",old`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			srv.Seed(permittest.State{Roles: []permittest.Role{tt.have}})
			input := tt.line + "\n" + endLine
			got := run(t, srv, input, "--create-missing", "yes")
			wantExit(t, got, tool.Stopped, "may be in Permit under another key; nothing was written", tt.says)
			wantNothingWritten(t, srv, got, "--role-map")
		})
	}
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Roles: []permittest.Role{{Key: "viewer", Name: "Viewer"}}})
	wantExit(t, run(t, srv, `{"type":"role","key":"reviewer","name":"Reviewer"}`+"\n"+endLine, "--create-missing", "yes"), tool.Done)
}
