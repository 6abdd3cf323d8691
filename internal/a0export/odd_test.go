package a0export

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// once lets the n-th call whose path ends so draw an answer of another's making.
func once(n int32, suffix, body string) func(*http.Request) httpapitest.Fault {
	var seen atomic.Int32
	return func(r *http.Request) httpapitest.Fault {
		if strings.HasSuffix(r.URL.Path, suffix) && seen.Add(1) == n {
			return httpapitest.Fault{Status: http.StatusOK, Body: body}
		}
		return httpapitest.Fault{}
	}
}

// A page without its list is not the end of a list.
func TestAnswersWithoutTheList(t *testing.T) {
	t.Parallel()
	tenant := customers()
	tenant.Roles[0].Members = large(250, 1, 1).Roles[0].Members
	for _, body := range []string{"", "{}", "null", `{"total":3}`} {
		for _, at := range []struct {
			n      int32
			suffix string
		}{{1, "/roles"}, {1, "/users"}, {2, "/users"}, {1, "/organizations"}, {1, "/members"}, {2, "/members"}} {
			for _, source := range []string{"job", "search"} {
				r := runInBubbleOf(t, auth0test.New(tenant, auth0test.Options{Faults: once(at.n, at.suffix, body)}), "--organizations", "--source", source)
				r.expect(t, 1, "Auth0 answered without the list that was asked for\n")
			}
		}
	}
	r := runInBubbleOf(t, auth0test.New(tenant, auth0test.Options{Faults: once(1, "/api/v2/users", `{"users":[],"total":500,"start":0,"limit":1}`)}), "--source", "search")
	r.expect(t, 1, "nobody came, and Auth0 says there are 500: the tenant changed meanwhile\n")
}

// What decorates a job may look like anything; what it is about may not.
func TestJobsThatLookOdd(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"id":"job_1","status":"running","percentage_done":33.3,"created_at":""}`:         "running, 33%\n",
		`{"id":"job_1","status":"running","percentage_done":"12","created_at":1}`:          "running, 12%\n",
		`{"id":"job_1","status":"running","percentage_done":null,"time_left_seconds":"x"}`: "running\n",
	} {
		s := auth0test.New(small(), auth0test.Options{Faults: once(1, "/jobs/job_iqGusZT5k70oKRkE", body)})
		runInBubbleOf(t, s).expect(t, 0, want)
	}
	for _, body := range []string{"", "{}", "null"} {
		s := auth0test.New(small(), auth0test.Options{Faults: once(1, "/jobs/job_iqGusZT5k70oKRkE", body)})
		runInBubbleOf(t, s).expect(t, 1, "Auth0 answered without a status\n", "hint: a0export --job job_iqGusZT5k70oKRkE")
	}
	s := auth0test.New(small(), auth0test.Options{JobStatus: "Failed"})
	runInBubbleOf(t, s).expect(t, 1, ": Failed\n")
}

// A job that somebody names is that job or nothing.
func TestJobThatIsRefused(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Faults: only("/api/v2/jobs/job_0123456789abcdef", httpapitest.Fault{Status: 403, Body: `{"message":"This job belongs to somebody else"}`})})
	run(t, s, "--job", "job_0123456789abcdef").expect(t, 1, "This job belongs to somebody else")
	run(t, auth0test.New(small(), auth0test.Options{NoJobs: true}), "--source", "job").expect(t, 1, "hint: where the plan has no export jobs, --source search")
}

// Whatever ends a run that has a job says how to take it up, beside what else
// there is to do.
func TestHintsWhileTheJobRuns(t *testing.T) {
	t.Parallel()
	const again = "hint: a0export --job job_iqGusZT5k70oKRkE takes the job up again"
	for status, want := range map[int][]string{
		401: {"hint: the token has expired", again},
		403: {"hint: grant the application the scope read:x", again},
		404: {"hint: Auth0 keeps jobs for 24 hours"},
	} {
		s := auth0test.New(small(), auth0test.Options{Faults: only("/api/v2/jobs/job_iqGusZT5k70oKRkE", httpapitest.Fault{Status: status, Body: `{"message":"Insufficient scope, expected any of: read:x"}`})})
		runInBubbleOf(t, s).expect(t, 1, want...)
	}
	for calls := range int32(12) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			var seen atomic.Int32
			var posted atomic.Bool
			s := auth0test.New(small(), auth0test.Options{Polls: 3, Faults: func(r *http.Request) httpapitest.Fault {
				if r.Method == http.MethodPost {
					posted.Store(true)
				}
				if seen.Add(1) == calls+1 {
					cancel(errors.New("interrupt"))
				}
				return httpapitest.Fault{}
			}})
			r := runInBubble(ctx, s)
			if posted.Load() && r.code != 0 {
				r.expect(t, 130, again)
			}
		})
	}
}

// An interrupt does not wait for a token.
func TestInterruptDuringSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(today))
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New("interrupt")) })
		start := time.Now()
		runOver(ctx, transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}), "--domain", auth0test.DefaultClientID).expect(t, 130)
		if took := time.Since(start); took != time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

// All of the file came, and then the line was cut: there is no rest to ask for.
func TestNothingIsLeftOfTheFile(t *testing.T) {
	t.Parallel()
	n := 0
	const file = "user_id\nauth0|ann\n"
	r := runInBubbleOf(t, storage(auth0test.New(small(), auth0test.Options{}), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		_, _ = w.Write([]byte(file))
		if n++; n == 1 {
			panic(http.ErrAbortHandler)
		}
	}))
	r.expect(t, 0)
	if rows := strings.Count(r.csv(t), "\n"); rows != 2 {
		t.Errorf("%d lines", rows)
	}
}

// The tenant's clock is not ours.
func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	for _, behind := range []time.Duration{-time.Hour, -1900 * time.Millisecond, -500 * time.Millisecond, -50 * time.Millisecond, 50 * time.Millisecond, 700 * time.Millisecond, 1900 * time.Millisecond, time.Hour} {
		for name, limit := range map[string]auth0test.Limit{"Free": auth0test.Free, "Pro": auth0test.Pro, "Enterprise": auth0test.Enterprise} {
			for _, latency := range []time.Duration{20 * time.Millisecond, 200 * time.Millisecond} {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(today.Add(300 * time.Millisecond)))
					s := auth0test.New(manyRoles(0), auth0test.Options{Limit: limit, Clock: httpapitest.NewClockAt(time.Now().Add(-behind), 1)})
					start := time.Now()
					runOver(t.Context(), slow(s, latency)).expect(t, 0)
					calls := len(s.Calls()) - 1
					ideal := time.Duration(max(calls-limit.Burst, 0)) * limit.Per / time.Duration(limit.Count)
					if took := time.Since(start); took > ideal*11/10+4*time.Second {
						t.Errorf("%s, %v behind, %v an answer: took %v, and the limit allows %v", name, behind, latency, took, ideal)
					}
					if n := refused(s); n > 1 {
						t.Errorf("%s, %v behind, %v an answer: %d calls were refused", name, behind, latency, n)
					}
				})
			}
		}
	}
}
