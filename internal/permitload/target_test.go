package permitload

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

const namedTarget = "target: environment Development (dev), project Default Project (default), "

// The first line names the target before stdin is read, so whoever sees the wrong
// environment can still stop the run.
func TestTargetIsNamedBeforeStdinIsRead(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{nil, {"remove"}} {
		srv := permittest.New(permittest.Options{})
		stdin := &lateStdin{text: endLine}
		var stderr strings.Builder
		stdin.before = func() {
			if !strings.HasPrefix(stderr.String(), "permitload: "+namedTarget+"127.0.0.1:") {
				t.Errorf("before stdin is read: %q", stderr.String())
			}
		}
		address, stop := srv.Start()
		args := append([]string{
			"permitload", "--api-url", address, "--token-file", writeFile(t, "key", permittest.DefaultKey),
		}, command...)
		if code := Run(t.Context(), args, stdin, &strings.Builder{}, &stderr, nil); code != tool.Done {
			t.Errorf("exit code %d\n%s", code, stderr.String())
		}
		stop()
	}
}

// lateStdin is a stdin that calls before when it is first read.
type lateStdin struct {
	text   string
	before func()
	reader *strings.Reader
}

func (l *lateStdin) Read(p []byte) (int, error) {
	if l.reader == nil {
		l.before()
		l.reader = strings.NewReader(l.text)
	}
	return l.reader.Read(p)
}

// If the key may not read names, the ids are shown. Whatever goes wrong with a name, it
// does not stop the run.
func TestTargetByIDWhereNamesAreNotToBeHad(t *testing.T) {
	t.Parallel()
	const ids = "target: environment " + permittest.EnvironmentID + ", project " + permittest.ProjectID + ", US"
	const projects = "GET /v2/projects/" + permittest.ProjectID
	on := func(f httpapitest.Fault) permittest.Options {
		return permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if strings.HasPrefix(shortRequest(r), projects) {
				return f
			}
			return httpapitest.Fault{}
		}}
	}
	for name, o := range map[string]permittest.Options{
		"forbidden":      {HideNames: true},
		"no such call":   on(httpapitest.Fault{Status: 404}),
		"broken":         on(httpapitest.Fault{Status: 500}),
		"a sign-in page": on(httpapitest.Fault{Status: 200, Body: "<html></html>"}),
		"without a name": on(httpapitest.Fault{Status: 200, Body: `{"key":"dev"}`}),
		"null":           on(httpapitest.Fault{Status: 200, Body: `null`}),
	} {
		synctest.Test(t, func(t *testing.T) {
			got := load(t.Context(), permittest.New(o), bobLine+endLine)
			wantExit(t, got, tool.Done, ids)
			wantReport(t, got, tool.Done, "environment "+permittest.EnvironmentID)
			if name == "forbidden" && strings.Contains(got.stderr, "may not read") {
				t.Errorf("a name that cannot be had is worth no words:\n%s", got.stderr)
			}
		})
	}
}

// The name of an environment comes from outside, so it must not control the terminal.
func TestNameOfTheTargetIsVisible(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{Faults: faultOn(
		"GET /v2/projects/"+permittest.ProjectID+"/envs/"+permittest.EnvironmentID,
		httpapitest.Fault{Status: 200, Body: `{"key":"dev","name":"Dev\u001b[2J\nforged"}`})})
	got := run(t, srv, endLine, "--dry-run")
	wantExit(t, got, tool.Done, `environment Dev\u001b[2J\nforged (dev), project Default Project (default)`)
}

// check says which environment the key is for and what it can read. It reads no stdin and
// writes nothing.
func TestCheck(t *testing.T) {
	t.Parallel()
	forbid := func(call string) permittest.Options {
		return permittest.Options{Faults: faultOn(call,
			httpapitest.Fault{Status: 403, Body: `{"error_code":"FORBIDDEN_ACCESS","message":"no access"}`})}
	}
	tests := []struct {
		name    string
		options permittest.Options
		args    []string
		code    int
		says    []string
	}{
		{"all is well", permittest.Options{}, nil, tool.Done, []string{
			namedTarget, "the key reads all that a load needs: 1 role, 0 resources, 4 tenants, 5 users, 0 role assignments",
			"whether it may write shows at the first write", "nothing was written; next: permitload --dry-run",
		}},
		{
			"no names",
			permittest.Options{HideNames: true},
			nil, tool.Done,
			[]string{"target: environment " + permittest.EnvironmentID},
		},
		{
			"no users", forbid("GET F/users"), nil, tool.Stopped,
			[]string{"the key does not read users", "hint: the key lacks a right"},
		},
		{"no tenants", forbid("GET F/tenants"), nil, tool.Stopped, []string{"the key does not read tenants"}},
		{"a wrong key", permittest.Options{Key: "other"}, nil, tool.Stopped, []string{"401"}},
		{
			"another environment",
			permittest.Options{},
			[]string{"--environment", "prod"},
			tool.BadUsage,
			[]string{"error: the API key is for environment Development (dev), project Default Project (default);" +
				" not for --environment prod"},
		},
		{"a file", permittest.Options{}, []string{"x.jsonl"}, tool.BadUsage, []string{"check reads no input"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(tt.options)
			srv.Seed(permittest.State{Roles: threeRoles()[:1], Tenants: fourTenants(), Users: usersWithRoles(5).Users})
			got := runFrom(t.Context(), t, srv, forbiddenStdin{t}, append([]string{"check"}, tt.args...)...)
			wantExit(t, got, tt.code, tt.says...)
			if n := countWrites(srv); n > 0 || got.stdout != "" {
				t.Errorf("%d writes, stdout %q", n, got.stdout)
			}
		})
	}
}

// Naming the target costs two calls, and a second load stays within its bound.
func TestCallsOfASecondLoad(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3, 99, 250, 2500} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			srv.Seed(usersWithRoles(2500))
			wantReport(t, load(t.Context(), srv, linesFor(usersWithRoles(n))), tool.Done)
			most := 4 + min(25, 2*n) + (len(srv.State().Assignments)+999)/1000
			if calls := len(srv.Calls()); calls > most {
				for _, c := range srv.Calls() {
					t.Log(shortCall(c.Method, c.Path))
				}
				t.Errorf("%d users: %d calls, more than %d", n, calls, most)
			}
		})
	}
}
