package a0export

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// gzipTime returns the time in the gzip header of an export, or zero if it has none.
func gzipTime(t *testing.T, r result) time.Time {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(r.out))
	if err != nil {
		t.Fatal(err)
	}
	return z.ModTime
}

const noTimeWarning = "a0export: warning: Auth0 does not say when the export was made, " +
	"which permitload --roles replace needs to know\na0export: hint: a0tojsonl --as-of TIME sets it\n"

// The time of an export is the time before anything was read, by Auth0's clock. The
// clock of this machine and the length of the run do not matter.
func TestTimeOfAnExportIsAuth0s(t *testing.T) {
	t.Parallel()
	tests := [][]string{
		{"users"},
		{"users", "--source", "search"},
		{"users", "--source", "search", "--no-roles"},
		{"users", "--source", "search", "--connection", "con_0000000000000001"},
		{"roles"},
		{"organizations"},
		{"connections"},
	}
	tenant := pagedTenant()
	for _, args := range tests {
		for _, ahead := range []time.Duration{-3 * time.Hour, 0, 3 * time.Hour} {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(today))
				clock := httpapitest.NewClockAt(time.Now().Add(ahead), 1)
				s := auth0test.New(tenant, auth0test.Options{PageMax: 5, Polls: 5, Clock: clock})
				begin := clock.Now()
				r := runOver(t.Context(), slowTransport(s, 2*time.Second), args...)
				r.expect(t, 0)
				if late := gzipTime(t, r).Sub(begin); late < 0 || late > 6*time.Second {
					t.Errorf("%v, Auth0's clock ahead by %v: the time is %v after the beginning", args, ahead, late)
				}
				if strings.Contains(r.errs, "when the export was made") {
					t.Errorf("%v: %s", args, r.errs)
				}
			})
		}
	}
}

// If created_at of a job is missing or in the future, the time of a new job is that of
// Auth0's answer. The time of a resumed job is unknown.
func TestTimeOfAJobThatDoesNotTell(t *testing.T) {
	t.Parallel()
	for _, flaw := range []auth0test.Flaw{auth0test.NoCreated, auth0test.OddCreated, auth0test.LateCreated} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(today))
			clock := httpapitest.NewClockAt(time.Now().Add(-time.Hour), 1)
			s := auth0test.New(small(), auth0test.Options{Clock: clock, Polls: 9, Flaws: auth0test.Always(flaw)})
			begin := clock.Now()
			r := runHere(t.Context(), s)
			r.expect(t, 0)
			if at := gzipTime(t, r); !at.Equal(begin) {
				t.Errorf("%s: the time is %v, want %v", flaw, at, begin)
			}
			again := runHere(t.Context(), s, "--job", aJob)
			again.expect(t, 0, noTimeWarning,
				"a0export: warning: cannot check that the export has all users: Auth0 does not say when the job was created\n")
			if at := gzipTime(t, again); !at.IsZero() {
				t.Errorf("%s: the time of a resumed job is %v", flaw, at)
			}
		})
	}
}

// The first created_at of a job counts, not a later one.
func TestTimeOfAJobIsItsFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(today))
		s := auth0test.New(small(), auth0test.Options{Polls: 9, Flaws: func(r *http.Request) auth0test.Flaw {
			if r.Method == http.MethodGet {
				return auth0test.LateCreated
			}
			return ""
		}})
		r := runHere(t.Context(), s)
		r.expect(t, 0)
		if at := gzipTime(t, r); !at.Equal(today) {
			t.Errorf("the time is %v, want %v", at, today)
		}
	})
}

// If Auth0 sends no time at all, the time of this machine is not used instead.
func TestTimeThatAuth0DoesNotTell(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"roles"}, {"users", "--source", "search"}} {
		r := runInBubble(t, withoutDate(auth0test.New(small(), auth0test.Options{})), args...)
		r.expect(t, 0, noTimeWarning)
		if at := gzipTime(t, r); !at.IsZero() {
			t.Errorf("%v: the time is %v", args, at)
		}
	}
	// A job has a created_at.
	r := runInBubble(t, withoutDate(auth0test.New(small(), auth0test.Options{})))
	if at := gzipTime(t, r); !at.Equal(today) {
		t.Errorf("the time of a job is %v", at)
	}
}

// If Auth0 sends a time only after the first answers, the data is older than that time,
// so the export has no time.
func TestTimeThatAuth0TellsLate(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"organizations"}, {"users", "--source", "search"}} {
		s := auth0test.New(pagedTenant(), auth0test.Options{PageMax: 5})
		var calls atomic.Int64 // roles and groups are read side by side
		r := runInBubble(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) == 1 {
				w = noDateWriter{w}
			}
			s.ServeHTTP(w, r)
		}), args...)
		r.expect(t, 0, noTimeWarning)
		if at := gzipTime(t, r); !at.IsZero() || calls.Load() < 2 {
			t.Errorf("%v: the time is %v, after %d calls", args, at, calls.Load())
		}
	}
}

// withoutDate returns a tenant whose answers have no Date.
func withoutDate(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(noDateWriter{w}, r) })
}

// noDateWriter removes the Date of an answer.
type noDateWriter struct{ http.ResponseWriter }

func (u noDateWriter) WriteHeader(status int) {
	u.Header().Del("Date")
	u.ResponseWriter.WriteHeader(status)
}

func (u noDateWriter) Write(p []byte) (int, error) {
	u.Header().Del("Date")
	return u.ResponseWriter.Write(p)
}
