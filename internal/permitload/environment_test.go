package permitload

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// A key that will not do is known before the input is read: a long export
// should not be spent on it.
func TestUnusableKeyIsKnownBeforeTheInputIsRead(t *testing.T) {
	t.Parallel()
	forbidden := func(r *http.Request) httpapitest.Fault {
		if strings.HasSuffix(r.URL.Path, "/roles") {
			return httpapitest.Fault{Status: http.StatusForbidden, Body: `{"detail":"no access"}`}
		}
		return httpapitest.Fault{}
	}
	tests := []struct {
		name string
		o    permittest.Options
		code int
		says string
		hint string
	}{
		{"unknown", permittest.Options{Key: "permit_key_other"}, tool.Stopped, "401 UNAUTHORIZED", "export PERMIT_API_KEY="},
		{"unknown, in FastAPI's words", permittest.Options{Key: "permit_key_other", PlainDetail: true}, tool.Stopped, "401 Unauthorized", "PERMIT_API_URL=https://api.eu.permit.io"},
		{"a project's", permittest.Options{KeyLevel: permittest.LevelProject}, tool.BadUsage, "the API key is not an environment's", "use a key of the environment"},
		{"a project's, with nulls", permittest.Options{KeyLevel: permittest.LevelProject, Nulls: true}, tool.BadUsage, "the API key is not an environment's", "use a key of the environment"},
		{"an organization's", permittest.Options{KeyLevel: permittest.LevelOrganization}, tool.BadUsage, "the API key is not an environment's", "use a key of the environment"},
		{"one that may not see roles", permittest.Options{Faults: forbidden}, tool.Stopped, "403", "the key lacks a right"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(tt.o)
			var out, errs bytes.Buffer
			code := runOn(t, t.Context(), srv, forbiddenStdin{t}, &out, &errs)
			got := result{code, out.String(), errs.String()}
			wantExit(t, got, tt.code, tt.says)
			wantNothingWritten(t, srv, got, tt.hint)
		})
	}
}

// An environment is named by key or id; what the key is not for is refused
// before anything is read.
func TestNamedEnvironmentMustBeTheKeys(t *testing.T) {
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
			got := run(t, srv, annLine+endLine, args...)
			if tt.ok {
				wantExit(t, got, tool.Done, "users: 1 in = 1 loaded")
				return
			}
			wantExit(t, got, tool.BadUsage, "the API key gives no access to project")
			wantNothingWritten(t, srv, got, "use a key of that environment")
		})
	}
}

// An id that is not the key's is refused, however lenient the server is.
func TestAnotherIDIsRefusedWhoeverAnswers(t *testing.T) {
	t.Parallel()
	const other = "22222222-1111-4111-8111-111111111111"
	for name, set := range map[string]func(*loadSettings){
		"project": func(c *loadSettings) { c.target.project = other }, "environment": func(c *loadSettings) { c.target.environment = other },
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			lenient := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for _, id := range []string{permittest.ProjectID, permittest.EnvironmentID} {
					r.URL.Path = strings.Replace(r.URL.Path, other, id, 1)
				}
				srv.ServeHTTP(w, r)
			})
			got := load(t.Context(), lenient, annLine+endLine, set)
			wantCode(t, got, tool.BadUsage)
			if n := countWrites(srv); n > 0 {
				t.Errorf("%s: %d writes", name, n)
			}
		})
	}
}
