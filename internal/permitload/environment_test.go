package permitload

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// A key that cannot be used is detected before the input is read, so no long export is
// spent on it.
func TestUnusableKeyIsKnownBeforeTheInputIsRead(t *testing.T) {
	t.Parallel()
	unknown := permittest.Options{Key: "permit_key_other"}
	unknownPlainly := permittest.Options{Key: "permit_key_other", PlainDetail: true}
	ofProject := permittest.Options{KeyLevel: permittest.LevelProject}
	ofProjectLeftOut := permittest.Options{KeyLevel: permittest.LevelProject, LeaveOut: true}
	ofOrganization := permittest.Options{KeyLevel: permittest.LevelOrganization}
	noRoles := permittest.Options{
		Faults: faultOn("GET S/roles", httpapitest.Fault{Status: http.StatusForbidden, Body: `{"detail":"no access"}`}),
	}
	const (
		ofAProject = "this is a project's key; use an environment's key"
		ofAnOrg    = "this is an organization's key; use an environment's key"
		nameIt     = "or name the environment: --environment ENVIRONMENT"
		nameBoth   = "or name the environment: --project PROJECT --environment ENVIRONMENT"
		europe     = "PERMIT_API_URL=https://api.eu.permit.io"
	)
	tests := []struct {
		name    string
		options permittest.Options
		code    int
		says    string
		hint    string
	}{
		{"unknown", unknown, tool.Stopped, "401 UNAUTHORIZED", "export PERMIT_API_KEY="},
		{"unknown, in FastAPI's words", unknownPlainly, tool.Stopped, "401 Unauthorized", europe},
		{"a project's", ofProject, tool.BadUsage, ofAProject, nameIt},
		{"a project's, without nulls", ofProjectLeftOut, tool.BadUsage, ofAProject, nameIt},
		{"an organization's", ofOrganization, tool.BadUsage, ofAnOrg, nameBoth},
		{"one that may not see roles", noRoles, tool.Stopped, "403", "the key lacks a right"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(tt.options)
			got := runFrom(t.Context(), t, srv, forbiddenStdin{t})
			wantExit(t, got, tt.code, tt.says)
			wantNothingWritten(t, srv, got, tt.hint)
		})
	}
}

// An environment is named by key or id. If the key is for another one, the run stops
// before it reads anything.
func TestNamedEnvironmentMustBeTheKeys(t *testing.T) {
	t.Parallel()
	const (
		environment  = permittest.LevelEnvironment
		project      = permittest.LevelProject
		organization = permittest.LevelOrganization

		projectKey     = permittest.ProjectKey
		environmentKey = permittest.EnvironmentKey
	)
	tests := []struct {
		name, project, environment string
		level                      permittest.Level
		ok                         bool
	}{
		{"by id", permittest.ProjectID, permittest.EnvironmentID, environment, true},
		{"by key", projectKey, environmentKey, environment, true},
		{"the environment alone", "", environmentKey, environment, true},
		{"another environment", "", "prod", environment, false},
		{"another project", "other", "", environment, false},
		{"a project's key", "", environmentKey, project, true},
		{"a project's key, another environment", "", "prod", project, false},
		{"an organization's key", projectKey, environmentKey, organization, true},
		{"an organization's key, another project", "other", environmentKey, organization, false},
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
				wantExit(t, got, tool.Done, "users: 1 added")
				return
			}
			wantExit(t, got, tool.BadUsage, "error: the API key ", strings.Join(args, " "))
			wantNothingWritten(t, srv, got, "use a key of that environment")
		})
	}
}

// An id other than the key's is refused, however lenient the server is.
func TestAnotherIDIsRefusedWhoeverAnswers(t *testing.T) {
	t.Parallel()
	const other = "22222222-1111-4111-8111-111111111111"
	for name, set := range map[string]func(*loadSettings){
		"project":     func(c *loadSettings) { c.target.project = other },
		"environment": func(c *loadSettings) { c.target.environment = other },
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
			wantReport(t, got, tool.BadUsage)
			if n := countWrites(srv); n > 0 {
				t.Errorf("%s: %d writes", name, n)
			}
		})
	}
}

// An answer about the key that is not one says nothing about the key, so it is never
// called a project's or an organization's. A sign-in page in front of Permit answers 200,
// too.
func TestAnswerAboutTheKeyMustBeOne(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, `[]`, `null`, `""`, `{"organization_id":""}`, `{"organization_id":null}`, `{"detail":"Not authenticated"}`,
		"<html>Sign in</html>", "", " ",
	} {
		srv := permittest.New(permittest.Options{
			Faults: faultOn("GET /v2/api-key/scope", httpapitest.Fault{Status: http.StatusOK, Body: body}),
		})
		got := runFrom(t.Context(), t, srv, forbiddenStdin{t})
		wantExit(t, got, tool.Stopped, "GET /v2/api-key/scope")
		wantNothingWritten(t, srv, got, "check PERMIT_API_URL")
		if strings.Contains(got.stderr, "'s key; use") {
			t.Errorf("%q: %s", body, got.stderr)
		}
	}
}

// A page from something in between says nothing about the key, whatever its status. The
// hint is about the address.
func TestPageInBetweenGetsTheHintAboutTheAddress(t *testing.T) {
	t.Parallel()
	const page = "<html>\n<h1>Sign in</h1></html>"
	pages := map[int]string{
		200: page, 302: "", 401: page, 403: page, 404: "404 page not found", 407: page, 500: page, 503: page,
	}
	for _, path := range []string{"/v2/api-key/scope", "/roles", "/users"} {
		for status, body := range pages {
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
					if strings.HasSuffix(r.URL.Path, path) {
						return httpapitest.Fault{Status: status, Body: body}
					}
					return httpapitest.Fault{}
				}})
				got := load(t.Context(), srv, bobLine+endLine, func(cfg *loadSettings) {
					cfg.target.environment = permittest.EnvironmentKey
				})
				text := strings.Join(innermostHints(got.err), "; ")
				if got.code != tool.Stopped || !strings.Contains(text, urlHint) || !strings.Contains(text, "proxy") {
					t.Errorf("%s, %d: exit %d, %v; hints: %s", path, status, got.code, got.err, text)
				}
			})
		}
	}
}

// innermostHints returns the hints that the command prints.
func innermostHints(err error) (hints []string) {
	for e := (*tool.Error)(nil); errors.As(err, &e); err = e.Err {
		if len(e.Hints) > 0 {
			hints = e.Hints
		}
	}
	return hints
}

// Roles of another environment mean that another environment answers, whether or not
// flags name one.
func TestRolesOfAnotherEnvironmentStopTheLoad(t *testing.T) {
	t.Parallel()
	const other = `{"data":[{"key":"r","name":"r","environment_id":"22222222-1111-4111-8111-111111111111"}],` +
		`"total_count":1}`
	for _, args := range [][]string{
		nil, {"--environment", permittest.EnvironmentKey}, {"--environment", permittest.EnvironmentID},
	} {
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if strings.HasSuffix(r.URL.Path, "/roles") {
				return httpapitest.Fault{Status: http.StatusOK, Body: other}
			}
			return httpapitest.Fault{}
		}})
		got := runFrom(t.Context(), t, srv, forbiddenStdin{t}, args...)
		wantExit(t, got, tool.BadUsage, "error: the API key is for ")
	}
}
