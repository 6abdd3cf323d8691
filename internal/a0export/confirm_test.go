package a0export

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// A file that was cut is never taken for whole. These files come over a socket and have
// no length, so only the closed connection marks their end.
func TestFilesThatEndWithTheirConnection(t *testing.T) {
	t.Parallel()
	const (
		fewer      = "the export has 7 users, but Auth0 says there are 13\na0export: hint: run a0export again; if"
		connection = "con_0000000000000001"
	)
	tests := []struct {
		flaw auth0test.Flaw
		args []string
		code int
		want string
	}{
		{auth0test.Unpacked, nil, 0, ""},
		{auth0test.CutUnpacked, nil, 1, fewer},
		{auth0test.CutInRow, nil, 1, "CSV, line 9: "},
		{auth0test.LostRows, nil, 1, fewer},
		{auth0test.Unpacked, []string{"--connection", connection}, 0, ""},
		{auth0test.CutUnpacked, []string{"--connection", connection}, 1, fewer},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.flaw, tt.args), func(t *testing.T) {
			t.Parallel()
			s := auth0test.New(pagedTenant(), auth0test.Options{Flaws: auth0test.Always(tt.flaw)})
			run(t, s, tt.args...).expect(t, tt.code, tt.want)
		})
	}
}

// A row that is cut within an unquoted cell looks whole.
func TestFileThatIsCutWithinADate(t *testing.T) {
	t.Parallel()
	tenant := auth0test.New(onlyAnn(), auth0test.Options{})
	r := runInBubble(t, withStorage(tenant, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("user_id,created_at\n\"'auth0|ann\",2026-05-0"))
	}))
	r.expect(t, 1, "the download broke off: the file ends in the middle of a row\n")
}

// Users who were created after the job, or deleted since, do not count as missing.
func TestUsersWhoComeAndGoDuringAJob(t *testing.T) {
	t.Parallel()
	signUp := func(before time.Duration) func(*auth0test.Tenant) {
		u := auth0test.User{ID: "auth0|new", Connection: "acme", CreatedAt: today.Add(-before)}
		return func(t *auth0test.Tenant) { t.Users = append(t.Users, u) }
	}
	const tooFew = "the export has 3 users, but Auth0 says there are 4\n"
	tests := []struct {
		name   string
		change func(*auth0test.Tenant) // during the download
		args   []string
		code   int
		want   string
	}{
		{"nobody", func(*auth0test.Tenant) {}, nil, 0, ""},
		{"one signs up", signUp(5 * time.Minute), nil, 0, ""},
		{"one is deleted", func(t *auth0test.Tenant) { t.Users = t.Users[1:] }, nil, 0, ""},
		{"one was there", signUp(time.Hour), nil, 1, tooFew},
		{"a limit", signUp(time.Hour), []string{"--limit", "3"}, 0, ""},
		{"a limit that is not reached", signUp(time.Hour), []string{"--limit", "4"}, 1, tooFew},
		{
			"of a connection", signUp(time.Hour),
			[]string{"--connection", "con_0000000000000001"},
			0,
			"a0export: warning: the export has 1 user, but Auth0 finds 2 with an identity of this connection\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tenant := small()
			tenant.Connections = []auth0test.Connection{{ID: "con_0000000000000001", Name: "acme", Strategy: "samlp"}}
			var s *auth0test.Server
			s = auth0test.New(tenant, auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
				if strings.HasPrefix(r.URL.Path, "/exports/") {
					s.Update(tt.change)
				}
				return httpapitest.Fault{}
			}})
			r := runInBubble(t, s, tt.args...)
			r.expect(t, tt.code, tt.want)
			if tt.want == "" && strings.Contains(r.errs, " came") {
				t.Errorf("stderr %s", r.errs)
			}
		})
	}
}

// For a while the search still counts deleted users. The command then counts again.
func TestCountThatLagsBehind(t *testing.T) {
	t.Parallel()
	ghost := auth0test.User{ID: "auth0|ghost", CreatedAt: today.Add(-time.Hour)}
	synctest.Test(t, func(t *testing.T) {
		var s *auth0test.Server
		counts := 0
		s = auth0test.New(small(), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.URL.Path != "/api/v2/users" {
				return httpapitest.Fault{}
			}
			switch counts++; counts {
			case 1:
				s.Update(func(t *auth0test.Tenant) { t.Users = append(t.Users, ghost) })
			case 4:
				s.Update(func(t *auth0test.Tenant) { t.Users = t.Users[:3] })
			}
			return httpapitest.Fault{}
		}})
		start := time.Now()
		runHere(t.Context(), s).expect(t, 0)
		if took := time.Since(start) - today.Sub(start); counts != 4 || took > 20*time.Second {
			t.Errorf("%d counts in %v", counts, took)
		}
	})
}

// If the job sends a total, the file must have that many users.
func TestTotalOfAJob(t *testing.T) {
	t.Parallel()
	for total, code := range map[string]int{"3": 0, "2": 0, "0": 0, "4": 1, "null": 0, `"x"`: 0} {
		s := auth0test.New(small(), auth0test.Options{Polls: -1})
		r := runInBubble(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/api/v2/jobs/job_") {
				w = &summaryWriter{w, total}
			}
			s.ServeHTTP(w, r)
		}))
		r.expect(t, code)
		if code == 1 {
			r.expect(t, 1, "the export has 3 users, but Auth0 says there are 4\n")
		}
	}
}

// summaryWriter adds a summary with a total to an answer about a job.
type summaryWriter struct {
	http.ResponseWriter
	total string
}

func (s *summaryWriter) Write(p []byte) (int, error) {
	_, err := s.ResponseWriter.Write([]byte(`{"summary":{"failed":0,"total":` + s.total + `},` + string(p[1:])))
	return len(p), err
}

// If the users cannot be counted, the export still succeeds with a warning, provided
// that the file marks its end.
func TestUsersWhoCannotBeCounted(t *testing.T) {
	t.Parallel()
	for _, fault := range []httpapitest.Fault{
		{Status: 403, Body: `{"message":"No search"}`}, {Status: 503}, {Status: 200, Body: "<html>"},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(today))
			s := auth0test.New(small(), auth0test.Options{Faults: faultAt("/api/v2/users", fault)})
			runHere(t.Context(), s).expect(t, 0, "a0export: warning: cannot check that the export has all users: ")
			if took := time.Since(today); took > 3*time.Minute {
				t.Errorf("%+v: took %v", fault, took)
			}
		})
	}
	s := auth0test.New(onlyAnn(), auth0test.Options{
		Faults: faultAt("/api/v2/users", httpapitest.Fault{Status: 403, Body: `{"message":"No search"}`}),
		Flaws:  auth0test.Always(auth0test.Unpacked),
	})
	run(t, s).expect(t, 1, "the download has no length, so nothing shows whether it is whole: "+
		"GET /api/v2/users: 403 Forbidden: No search\n")
}
