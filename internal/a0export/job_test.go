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

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// aJob is the id of the fake's first job.
const aJob = "job_iqGusZT5k70oKRkE"

// Each new status is printed, and the percentage every half minute. All statuses but
// three mean that the job is still running.
func TestJobIsWaitedFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options auth0test.Options
		want    string
	}{
		{"at once", auth0test.Options{Polls: -1}, "a0export: export job JOB: pending\n"},
		{"pending", auth0test.Options{Polls: 1}, "a0export: export job JOB: pending\n"},
		{
			"processing",
			auth0test.Options{Polls: 2},
			"a0export: export job JOB: pending\na0export: export job JOB: processing\n",
		},
		{
			"a word of Auth0's own",
			auth0test.Options{Polls: 3, Running: "in_queue 2"},
			"a0export: export job JOB: pending\na0export: export job JOB: in_queue 2\n",
		},
		{
			"for long",
			auth0test.Options{Polls: 14},
			"a0export: export job JOB: pending\na0export: export job JOB: processing\n" +
				"a0export: export job JOB: processing, 46%, 0:30; role members and memberships: 3\n" +
				"a0export: export job JOB: processing, 1:00; role members and memberships: 3\n" +
				"a0export: export job JOB: processing, 86%, 1:30; role members and memberships: 3\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := runInBubble(t, auth0test.New(small(), tt.options))
			r.expect(t, 0)
			if diff := cmp.Diff(tt.want+"a0export: export job JOB: completed\n", maskJobID(r.errs)); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
			if rows := strings.Count(r.csv(t), "\n"); rows != 5 {
				t.Errorf("%d lines", rows)
			}
		})
	}
}

// Polls count against the tenant's rate limit, so they are few. The first ones come
// early.
func TestPollInterval(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Polls: 11})
	runInBubble(t, s).expect(t, 0)
	var gaps []float64
	var last time.Time
	for _, call := range s.Calls() {
		if strings.HasPrefix(call.Path, "/api/v2/jobs/job_") {
			if !last.IsZero() {
				gaps = append(gaps, call.At.Sub(last).Round(time.Second).Seconds())
			}
			last = call.At
		}
	}
	want := []float64{1, 2, 2, 3, 5, 8, 10, 10, 10, 10, 10} // grows by half, to --poll-interval
	if diff := cmp.Diff(want, gaps); diff != "" {
		t.Errorf("seconds between polls (-want +got):\n%s", diff)
	}
}

func TestJobThatEndsBadly(t *testing.T) {
	t.Parallel()
	const again = "\na0export: hint: run a0export again without --job to start a new job"
	tests := []struct {
		name    string
		options auth0test.Options
		want    string
	}{
		{"failed", auth0test.Options{JobStatus: "failed"}, "export job JOB: failed" + again},
		{
			"with details",
			auth0test.Options{JobStatus: "failed", JobDetails: "Export failed because of an internal error"},
			"export job JOB: failed: Export failed because of an internal error" + again,
		},
		{
			"with errors",
			auth0test.Options{JobStatus: "failed", JobDetails: "It failed", JobErrors: []map[string]any{{"code": "E1"}}},
			`export job JOB: failed: It failed: [{"code":"E1"}]` + again,
		},
		{
			"with people in it",
			auth0test.Options{
				JobStatus: "failed", JobDetails: "ann@acme.example is too much",
				JobErrors: []map[string]any{{"user": map[string]any{"email": "bob@acme.example"}}},
			},
			`export job JOB: failed: [email] is too much: [{"user":{"email":"[email]"}}]` + again,
		},
		{"expired", auth0test.Options{JobStatus: "expired"}, "export job JOB: expired" + again},
		{"in another case", auth0test.Options{JobStatus: "Failed"}, ": Failed\n"},
		{"never ends", auth0test.Options{JobStatus: "cancelled"}, "export job JOB did not end within 8h0m0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := runInBubble(t, auth0test.New(small(), tt.options))
			r.expect(t, 1)
			if got := maskJobID(r.errs); !strings.Contains(got, tt.want) {
				t.Errorf("stderr %s\nlacks %s", got, tt.want)
			}
			if len(r.out) > 0 {
				t.Errorf("stdout %q", r.out)
			}
		})
	}
}

func TestJobWithoutALink(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
		if strings.HasPrefix(r.URL.Path, "/api/v2/jobs/job_") {
			return httpapitest.Fault{Status: 200, Body: `{"id":"job_1","status":"completed"}`}
		}
		return httpapitest.Fault{}
	}})
	runInBubble(t, s).expect(t, 1, "is completed, but Auth0 gave no download link\n")
}

// The informative fields of a job may have any form. Its status may not.
func TestJobsThatLookOdd(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"id":"job_1","status":"running","percentage_done":33.3,"created_at":""}`:         "running, 33%\n",
		`{"id":"job_1","status":"running","percentage_done":"12","created_at":1}`:          "running, 12%\n",
		`{"id":"job_1","status":"running","percentage_done":null,"time_left_seconds":"x"}`: "running\n",
	} {
		s := auth0test.New(small(), auth0test.Options{Faults: answerNth(1, "/jobs/"+aJob, body)})
		runInBubble(t, s).expect(t, 0, want)
	}
	for body, want := range map[string]string{
		"": "200, but the answer is empty\n", "null": "200, but the answer is null\n",
		"{}": "the answer has no status\n",
	} {
		s := auth0test.New(small(), auth0test.Options{Faults: answerNth(1, "/jobs/"+aJob, body)})
		runInBubble(t, s).expect(t, 1, want, "hint: a0export --job "+aJob)
	}
}

func TestJobIsTakenUp(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Polls: 2})
	first := run(t, s)
	first.expect(t, 0)
	id := jobID.FindString(first.errs)
	again := run(t, s, "--job", id)
	again.expect(t, 0, "a0export: export job "+id+": completed\n")
	if again.csv(t) != first.csv(t) {
		t.Error("the export differs")
	}
	posts := 0
	for _, call := range s.Calls() {
		if call.Method == http.MethodPost {
			posts++
		}
	}
	if posts != 1 {
		t.Errorf("%d jobs were started", posts)
	}
	run(t, s, "--job", "job_0123456789abcdef").expect(t, 1, "404", "hint: Auth0 keeps jobs for 24 hours")
}

// If Auth0 refuses the job in --job, no other job is started.
func TestJobThatIsRefused(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Faults: faultAt("/api/v2/jobs/job_0123456789abcdef",
		httpapitest.Fault{Status: 403, Body: `{"message":"This job belongs to somebody else"}`})})
	run(t, s, "--job", "job_0123456789abcdef").expect(t, 1, "This job belongs to somebody else")
	noJobs := auth0test.New(small(), auth0test.Options{NoJobs: true})
	run(t, noJobs, "--source", "job").expect(t, 1, "hint: if the plan has no export jobs: a0export --source search")
}

// If a run fails after its job has started, a hint says how to resume the job, besides
// any other hint.
func TestHintsWhileTheJobRuns(t *testing.T) {
	t.Parallel()
	const again = "hint: a0export --job " + aJob + " goes on with the same job"
	for status, want := range map[int][]string{
		401: {"hint: the token has expired", again},
		403: {"hint: grant the application the scope read:x", again},
		404: {"hint: Auth0 keeps jobs for 24 hours"},
	} {
		s := auth0test.New(small(), auth0test.Options{Faults: faultAt("/api/v2/jobs/"+aJob,
			httpapitest.Fault{Status: status, Body: `{"message":"Insufficient scope, expected any of: read:x"}`})})
		runInBubble(t, s).expect(t, 1, want...)
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
			r := runHere(ctx, s)
			if posted.Load() && r.code != 0 {
				r.expect(t, 130, again)
			}
		})
	}
}

// --job takes only ids in the documented form, so no hint tells anybody to type another.
func TestHintNamesNoOddJob(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Faults: answerNth(1, "/jobs/users-exports",
		`{"id":"job_1; rm -r ~/../x","status":"pending","type":"users_export","format":"csv"}`)})
	r := runInBubble(t, s)
	r.expect(t, 1, "404")
	if strings.Contains(r.errs, "--job") {
		t.Errorf("stderr %s", r.errs)
	}
	for _, call := range s.Calls() {
		if strings.Contains(call.Path, "jobs/job_") && call.Path != "/api/v2/jobs/job_1%3B%20rm%20-r%20~%2F..%2Fx" {
			t.Errorf("called %s", call.Path)
		}
	}
}

// A long text from Auth0 about a job is shortened to fit on a screen.
func TestLongWordsOfAJob(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 1<<18)
	s := auth0test.New(small(), auth0test.Options{
		JobStatus: "failed", JobDetails: long, JobErrors: []map[string]any{{"code": long}},
	})
	r := runInBubble(t, s)
	r.expect(t, 1, ": failed: long long ")
	if len(r.errs) > 4000 {
		t.Errorf("stderr has %d bytes", len(r.errs))
	}
}
