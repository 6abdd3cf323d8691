package auth0_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0"
	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi"
)

var fields = []auth0.Field{{Name: "user_id"}, {Name: "identities[0].connection", ExportAs: "provider"}}

// Auth0 refuses properties that it does not know, and an empty connection_id or
// limit as well: they are not sent at all.
func TestStartExport(t *testing.T) {
	t.Parallel()
	s := auth0test.New(auth0test.Sample(3), auth0test.Options{})
	job, err := client(s).StartExport(t.Context(), auth0.Export{Fields: fields})
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

// The answer is the one in Auth0's docs.
func TestJob(t *testing.T) {
	t.Parallel()
	const link = "https://user-exports.auth0.com/job_coRQCC3MHztpuTlo/auth0docs2.csv.gz?Expires=1&Key-Pair-Id=K&Signature=sesame"
	var path string
	body := script(`{"type":"users_export","status":"completed","connection_id":"con_lCvO","format":"csv","limit":5,` +
		`"fields":[{"name":"name"}],"location":"` + link + `","connection":"Username-Password-Authentication",` +
		`"percentage_done":100,"time_left_seconds":0,"created_at":"2017-11-02T23:34:03.803Z","id":"job_coRQCC3MHztpuTlo"}`)
	job, err := client(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.Method + " " + r.URL.RequestURI()
		body.ServeHTTP(w, r)
	})).Job(t.Context(), "job_coRQCC3MHztpuTlo")
	done := 100
	want := auth0.Job{
		ID: "job_coRQCC3MHztpuTlo", Type: "users_export", Format: "csv", Status: auth0.JobCompleted, PercentDone: &done, Location: link,
		CreatedAt: time.Date(2017, 11, 2, 23, 34, 3, 803e6, time.UTC),
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
			c := client(s)
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

// finished is a client, and the link of a job that has ended.
func finished(t *testing.T, s *auth0test.Server) (*auth0.Client, httpapi.Secret) {
	t.Helper()
	c := client(s)
	job, err := c.StartExport(t.Context(), auth0.Export{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	if job, err = c.Job(t.Context(), job.ID); err != nil || job.Location == "" {
		t.Fatalf("no link: %+v, %v", job, err)
	}
	return c, job.Location
}

// The storage host refuses a link that comes with a token.
func TestDownloadSendsNoToken(t *testing.T) {
	t.Parallel()
	s := auth0test.New(auth0test.Sample(3), auth0test.Options{Polls: -1})
	c, link := finished(t, s)
	body, err := c.Download(t.Context(), link, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil || !strings.HasPrefix(string(data), "\x1f\x8b") {
		t.Errorf("error %v, and the file begins with %.2q", err, data)
	}
	calls := s.Calls()
	if got := calls[len(calls)-1].Header; got.Get("Authorization") != "" || got.Get("Cookie") != "" {
		t.Errorf("sent %v", got)
	}
}

func TestDownloadRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status int
		link   bool
	}{{400, true}, {403, true}, {404, true}, {410, true}, {302, false}, {500, false}, {503, false}}
	for _, tt := range tests {
		t.Run(http.StatusText(tt.status), func(t *testing.T) {
			t.Parallel()
			c := client(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://elsewhere.example/")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code></Error>")
			}))
			body, err := c.Download(t.Context(), "https://files.example/job_1/acme.csv.gz?Expires=1&Signature=sesame", 0, "")
			var api *httpapi.APIError
			if body != nil || !errors.As(err, &api) || api.Status != tt.status {
				t.Fatalf("error %v, want a %d", err, tt.status)
			}
			if got := errors.Is(err, auth0.ErrLink); got != tt.link {
				t.Errorf("is ErrLink: %v, want %v", got, tt.link)
			}
			if text := err.Error(); strings.Contains(text, "sesame") || strings.Contains(text, "acme") || strings.Contains(text, "\n") {
				t.Errorf("the error is more than one line, or shows the link: %q", text)
			}
		})
	}
}

func TestDownloadOfALinkThatHasExpired(t *testing.T) {
	t.Parallel()
	c, link := finished(t, auth0test.New(auth0test.Sample(3), auth0test.Options{Polls: -1, ExpireLinks: 1}))
	if _, err := c.Download(t.Context(), link, 0, ""); !errors.Is(err, auth0.ErrLink) {
		t.Errorf("error %v, want ErrLink", err)
	}
}

func TestDownloadFromNowhere(t *testing.T) {
	t.Parallel()
	c := client(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	_, err := c.Download(t.Context(), "https://files.example/?Signature=sesame", 0, "")
	if err == nil || errors.Is(err, auth0.ErrLink) || strings.Contains(err.Error(), "sesame") {
		t.Errorf("error %v", err)
	}
	if _, err := c.Download(t.Context(), "://?Signature=sesame", 0, ""); err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("error %v", err)
	}
}
