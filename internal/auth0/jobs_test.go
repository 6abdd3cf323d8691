package auth0_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0"
	"a0permit/internal/auth0/auth0test"
)

var fields = []auth0.Field{{Name: "user_id"}, {Name: "identities[0].connection", ExportAs: "provider"}}

// An empty connection_id or limit is not sent: Auth0 refuses it, and unknown
// properties.
func TestStartExport(t *testing.T) {
	t.Parallel()
	s := auth0test.New(auth0test.Sample(3), auth0test.Options{})
	job, err := newClient(s).StartExport(t.Context(), auth0.Export{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	if job.ID == "" || job.Status != "pending" || job.CreatedAt.IsZero() {
		t.Errorf("job %+v", job)
	}
	call := s.Calls()[0]
	got := fmt.Sprintf("%s %s %s %s", call.Method, call.Path, call.Header.Get("Content-Type"), call.Body)
	want := `POST /api/v2/jobs/users-exports application/json ` +
		`{"format":"csv","fields":[{"name":"user_id"},{"name":"identities[0].connection","export_as":"provider"}]}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// The answer is the example in Auth0's docs.
func TestJob(t *testing.T) {
	t.Parallel()
	const link = "https://user-exports.auth0.com/job_coRQCC3MHztpuTlo/auth0docs2.csv.gz" +
		"?Expires=1&Key-Pair-Id=K&Signature=sesame"
	var path string
	body := answerInTurn(`{"type":"users_export","status":"completed","connection_id":"con_lCvO","format":"csv",` +
		`"limit":5,"fields":[{"name":"name"}],"location":"` + link + `","connection":"Username-Password-Authentication",` +
		`"percentage_done":100,"time_left_seconds":0,"created_at":"2017-11-02T23:34:03.803Z","id":"job_coRQCC3MHztpuTlo"}`)
	job, err := newClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.Method + " " + r.URL.RequestURI()
		body.ServeHTTP(w, r)
	})).Job(t.Context(), "job_coRQCC3MHztpuTlo")
	done := 100
	want := auth0.Job{
		ID: "job_coRQCC3MHztpuTlo", Type: "users_export", Format: "csv", Status: auth0.JobCompleted,
		PercentDone: &done, Location: link, CreatedAt: time.Date(2017, 11, 2, 23, 34, 3, 803e6, time.UTC),
		ConnectionID: "con_lCvO", Connection: "Username-Password-Authentication", Limit: 5,
	}
	if diff := cmp.Diff(want, job); err != nil || diff != "" {
		t.Errorf("error %v, job (-want +got):\n%s", err, diff)
	}
	if want := "GET /api/v2/jobs/job_coRQCC3MHztpuTlo"; path != want {
		t.Errorf("called %s, want %s", path, want)
	}
	printed, err := json.Marshal(job)
	if text := fmt.Sprintf("%v %+v %#v %s", job, job, job, printed); err != nil || strings.Contains(text, "sesame") {
		t.Errorf("error %v, and a job that is printed shows its link: %s", err, text)
	}
}

func TestJobErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		entries []map[string]any
		want    string
	}{
		{"nothing (204)", nil, ""},
		{"a list", []map[string]any{{"code": "E1"}, {"code": "E2"}}, `[{"code":"E1"},{"code":"E2"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := auth0test.New(auth0test.Tenant{}, auth0test.Options{JobStatus: "failed", JobErrors: tt.entries})
			c := newClient(s)
			job, err := c.StartExport(t.Context(), auth0.Export{Fields: fields})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.JobErrors(t.Context(), job.ID); err != nil || got != tt.want {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
