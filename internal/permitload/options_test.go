package permitload

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// An environment is named by key or id; what the key is not for is refused
// before anything is read.
func TestNamedEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, project, environment string
		level                      permittest.Level
		ok                         bool
	}{
		{"by id", permittest.ProjectID, permittest.EnvironmentID, permittest.LevelEnvironment, true},
		{"by key", permittest.ProjectKey, permittest.EnvironmentKey, permittest.LevelEnvironment, true},
		{"the environment alone", "", permittest.EnvironmentKey, permittest.LevelEnvironment, true},
		{"another environment", "", "prod", permittest.LevelEnvironment, false},
		{"another project", "other", "", permittest.LevelEnvironment, false},
		{"a project's key", "", permittest.EnvironmentKey, permittest.LevelProject, true},
		{"a project's key, another environment", "", "prod", permittest.LevelProject, false},
		{"an organization's key", permittest.ProjectKey, permittest.EnvironmentKey, permittest.LevelOrganization, true},
		{"an organization's key, another project", "other", permittest.EnvironmentKey, permittest.LevelOrganization, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{KeyLevel: tt.level})
			srv.Seed(permittest.State{Roles: []permittest.Role{{Key: "r", Name: "r"}}})
			args := []string{}
			if tt.project != "" {
				args = append(args, "--project", tt.project)
			}
			if tt.environment != "" {
				args = append(args, "--environment", tt.environment)
			}
			got := run(t, srv, ann+end, args...)
			if tt.ok {
				wantRun(t, got, tool.Done, "users: 1 in = 1 loaded")
				return
			}
			wantRun(t, got, tool.BadUsage, "the API key gives no access to project")
			wantUntouched(t, srv, got, "use a key of that environment")
		})
	}
}

func TestAttributesReplaced(t *testing.T) {
	t.Parallel()
	for _, o := range []permittest.Options{{}, {PutOmitted: permittest.Keep}} {
		srv := permittest.New(o)
		srv.Seed(permittest.State{Users: []permittest.User{
			{Key: "a", Attributes: map[string]any{"plan": "pro", "theme": "dark"}},
			{Key: "b", Attributes: map[string]any{"theme": "dark"}},
			{Key: "c", Attributes: map[string]any{"plan": "pro", "theme": "dark"}},
		}})
		input := `{"type":"user","key":"a","attributes":{"plan":"free"}}` + "\n" + `{"type":"user","key":"b"}` + "\n" + `{"type":"user","key":"c","attributes":{}}` + "\n" + end
		wantRun(t, run(t, srv, input, "--attributes", "replace"), tool.Done, "+ 0 users  ~ 2  = 1")
		want := []permittest.User{
			{Key: "a", Attributes: map[string]any{"plan": "free"}}, {Key: "b", Attributes: map[string]any{"theme": "dark"}}, {Key: "c"},
		}
		if diff := cmp.Diff(want, srv.State().Users, cmp.Transformer("empty", func(m map[string]any) map[string]any {
			if len(m) == 0 {
				return nil
			}
			return m
		})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		before := writes(srv)
		wantRun(t, run(t, srv, input, "--attributes", "replace"), tool.Done)
		if n := writes(srv) - before; n != 0 {
			t.Errorf("%d writes the second time", n)
		}
	}
}

// Who cannot have the email of its line is loaded without, or with the one it
// has.
func TestDuplicateEmailsDropped(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, have, want, then string }{
		{"two lines", "", "a=x b=x", "a=x b="},
		{"another in Permit has it", "zoe=x", "a=x b=y", "a= b=y zoe=x"},
		{"who has one keeps it", "a=1 zoe=x", "a=x", "a=1 zoe=x"},
		{"and nobody gets that one", "a=1 zoe=x", "a=x b=1", "a=1 b= zoe=x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			srv.Seed(people(tt.have))
			input := records(people(tt.want))
			wantRun(t, run(t, srv, input, "--duplicate-email", "drop"), tool.Done, "loaded without email")
			wantState(t, srv, people(tt.then))
			before := writes(srv)
			wantRun(t, run(t, srv, input, "--duplicate-email", "drop"), tool.Done)
			if n := writes(srv) - before; n != 0 {
				t.Errorf("%d writes the second time", n)
			}
		})
	}
}

// Users whom the input lacks are written so that they can be fed again.
func TestExtra(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(people("ann=a bob=b zoe=z"))
	path := filepath.Join(t.TempDir(), "extra.jsonl")
	wantRun(t, run(t, srv, records(people("bob=b")), "--dry-run", "--extra", path), tool.Done, "2 users in Permit but not in the input")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"ann", "zoe"} {
		if !strings.Contains(string(text), `"key":"`+key+`"`) {
			t.Errorf("%s is not in %s", key, text)
		}
	}
	wantRun(t, run(t, srv, string(text), "--dry-run", "--require-end"), tool.Done, "+ 0 users  ~ 0  = 2", "1 user in Permit but not")
}

func TestRenamedTenants(t *testing.T) {
	t.Parallel()
	have := permittest.State{Tenants: []permittest.Tenant{{Key: "org_1", Name: "Acme"}, {Key: "org_2", Name: "Big"}}}
	input := `{"type":"tenant","key":"org_1","name":"Acme Inc"}` + "\n" + `{"type":"tenant","key":"org_2"}` + "\n" + end
	srv := permittest.New(permittest.Options{})
	srv.Seed(have)
	wantRun(t, run(t, srv, input), tool.Done, `~ 1 tenant: org_1 ("Acme" is now "Acme Inc")`, "tenants: 2 in = 1 loaded + 1 unchanged")
	if name := srv.State().Tenants[1].Name; name != "Acme Inc" {
		t.Errorf("the tenant is called %s", name)
	}
	before := writes(srv)
	wantRun(t, run(t, srv, input), tool.Done, "tenants: 2 in = 0 loaded + 2 unchanged")
	if n := writes(srv) - before; n != 0 {
		t.Errorf("%d writes the second time", n)
	}

	srv = permittest.New(permittest.Options{Faults: struck("PATCH F/tenants/org_1", httpapitest.Fault{Status: 422, Body: `{"detail":"reserved"}`}, 1)})
	srv.Seed(have)
	got := run(t, srv, input)
	wantRun(t, got, tool.Rejected, "tenants: 2 in = 0 loaded + 1 unchanged + 1 not loaded")
	if !strings.Contains(got.out, "tenant org_1 could not be renamed: reserved") {
		t.Errorf("stdout: %s", got.out)
	}
}

// A role that Permit may have under another key is not created unasked.
func TestRolesThatResemble(t *testing.T) {
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
			input := tt.line + "\n" + end
			got := run(t, srv, input, "--create-missing", "yes")
			wantRun(t, got, tool.Stopped, "may be in Permit under another key; nothing was written", tt.says)
			wantUntouched(t, srv, got, "--role-map")
		})
	}
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Roles: []permittest.Role{{Key: "viewer", Name: "Viewer"}}})
	wantRun(t, run(t, srv, `{"type":"role","key":"reviewer","name":"Reviewer"}`+"\n"+end, "--create-missing", "yes"), tool.Done)
}

// A few users in a large environment are asked for by key.
func TestFewUsersInALargeEnvironment(t *testing.T) {
	t.Parallel()
	const n = 5000
	have := crowd(n)
	for _, o := range []permittest.Options{{}, {UnknownFilter: 404}} {
		srv := permittest.New(o)
		srv.Seed(have)
		input := people("zoe=z")
		input.Users = append(input.Users, have.Users[4990:4995]...)
		input.Users[1].FirstName = "Anne"
		input.Users[2].Email = "U000001@acme.example" // another's
		input.Assignments = []permittest.Assignment{
			{User: have.Users[4991].Key, Role: "Admin", Tenant: "default"}, {User: have.Users[4993].Key, Role: "Admin", Tenant: "default"}, {User: "zoe", Role: "Editor", Tenant: "default"},
		}
		got := run(t, srv, records(input))
		wantRun(t, got, tool.Rejected, "+ 1 user  ~ 1  = 3", "users: 6 in = 2 loaded + 3 unchanged + 1 not loaded", tool.Thousands(n-5)+" users in Permit but not in the input")
		if diff := cmp.Diff([]string{have.Users[4991].Key + " duplicate_email"}, codes(t, got.out)); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
		if reads := calls(srv, "GET"); reads > 25 {
			t.Errorf("%d reads", reads)
		}
	}
}

// Users who are deleted while the list is read hide nobody who would then be
// written as new: whether the total tells or a new user makes up for it.
func TestDeletedWhileListed(t *testing.T) {
	t.Parallel()
	for _, signedUp := range []bool{false, true} {
		have, input := plain(250)
		for i := range have.Users {
			have.Users[i].Attributes = map[string]any{"theme": "dark"}
		}
		var srv *permittest.Server
		met := false
		srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if !met && strings.HasSuffix(r.URL.Path, "/users") && r.URL.Query().Get("page") == "2" {
				met = true
				deleted(t, srv, facts+"/users/zoe")
				if signedUp {
					srv.Seed(permittest.State{Users: []permittest.User{{Key: "zz"}}})
				}
			}
			return httpapitest.Fault{}
		}})
		srv.Seed(permittest.State{Users: []permittest.User{{Key: "zoe"}}})
		srv.Seed(have)
		wantRun(t, run(t, srv, input), tool.Done, "users: 250 in = 0 loaded + 250 unchanged")
		if n := writes(srv); n > 1 { // the deletion
			t.Errorf("%d writes", n)
		}
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
