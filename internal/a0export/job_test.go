package a0export

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

var jobID = regexp.MustCompile(`job_\w{16}`)

// said is stderr with the job's id, which differs from run to run, taken out.
func said(r result) string { return jobID.ReplaceAllString(r.errs, "JOB") }

// inherited is the warning that small's one enterprise user is worth.
const inherited = "a0export: warning: 1 user of enterprise connections: roles that they inherit from groups are not listed, only those assigned to them\n"

// People hear of each word that Auth0 uses, and every half minute. Any word but
// three means that the job is still running.
func TestJobIsWaitedFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options auth0test.Options
		want    string
	}{
		{"at once", auth0test.Options{Polls: -1}, "a0export: export job JOB: pending\n"},
		{"pending", auth0test.Options{Polls: 1}, "a0export: export job JOB: pending\n"},
		{"processing", auth0test.Options{Polls: 2}, "a0export: export job JOB: pending\na0export: export job JOB: processing\n"},
		{"a word of Auth0's own", auth0test.Options{Polls: 3, Running: "in_queue 2"}, "a0export: export job JOB: pending\na0export: export job JOB: in_queue 2\n"},
		{
			"for long",
			auth0test.Options{Polls: 14},
			"a0export: export job JOB: pending\na0export: export job JOB: processing\n" +
				"a0export: export job JOB: processing, 60%\na0export: export job JOB: processing\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := runInBubble(t.Context(), auth0test.New(small(), tt.options))
				r.expect(t, 0)
				if diff := cmp.Diff(tt.want+inherited, said(r)); diff != "" {
					t.Errorf("stderr (-want +got):\n%s", diff)
				}
				if rows := strings.Count(r.csv(t), "\n"); rows != 5 {
					t.Errorf("%d lines", rows)
				}
			})
		})
	}
}

// A poll costs a call of the tenant's limit: there are few of them, and at
// first they are soon.
func TestPollInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := auth0test.New(small(), auth0test.Options{Polls: 11})
		start := time.Now()
		runInBubble(t.Context(), s).expect(t, 0)
		var gaps []float64
		for _, call := range s.Calls() {
			if strings.HasPrefix(call.Path, "/api/v2/jobs/job_") {
				gaps = append(gaps, call.At.Sub(start).Round(time.Second).Seconds())
				start = call.At
			}
		}
		want := []float64{1, 2, 2, 3, 5, 8, 10, 10, 10, 10, 10} // grows by half, to --poll-interval
		if diff := cmp.Diff(want, gaps[1:]); diff != "" {
			t.Errorf("seconds between polls (-want +got):\n%s", diff)
		}
	})
}

func TestJobThatEndsBadly(t *testing.T) {
	t.Parallel()
	const again = "\na0export: hint: run a0export again, without --job: it starts a new job"
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
			auth0test.Options{JobStatus: "failed", JobDetails: "ann@acme.example is too much", JobErrors: []map[string]any{{"user": map[string]any{"email": "bob@acme.example"}}}},
			`export job JOB: failed: [email] is too much: [{"user":{"email":"[email]"}}]` + again,
		},
		{"expired", auth0test.Options{JobStatus: "expired"}, "export job JOB: expired" + again},
		{"never ends", auth0test.Options{JobStatus: "cancelled"}, "export job JOB has not ended within 8h0m0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := runInBubble(t.Context(), auth0test.New(small(), tt.options))
				r.expect(t, 1)
				if !strings.Contains(said(r), tt.want) {
					t.Errorf("stderr %s\nlacks %s", said(r), tt.want)
				}
				if len(r.out) > 0 {
					t.Errorf("stdout %q", r.out)
				}
			})
		})
	}
}

func TestJobWithoutALink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runInBubble(t.Context(), auth0test.New(small(), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if strings.HasPrefix(r.URL.Path, "/api/v2/jobs/job_") {
				return httpapitest.Fault{Status: 200, Body: `{"id":"job_1","status":"completed"}`}
			}
			return httpapitest.Fault{}
		}}))
		r.expect(t, 1, "is completed, and has no location to download\n")
	})
}
