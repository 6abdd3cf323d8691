package auth0test_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
)

func TestCreateJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := auth0test.New(newTenant(1), auth0test.Options{})
		const body = `"connection_id":"` + conID + `","format":"json","limit":5,` +
			`"fields":[{"name":"name"},{"name":"identities[0].connection","export_as":"c"}]`
		a := send(s, http.MethodPost, "/api/v2/jobs/users-exports", "{"+body+"}")
		id := regexp.MustCompile(`job_[A-Za-z0-9]{16}`).FindString(a.Body)
		want := `{"type":"users_export","status":"pending",` + body + `,"connection":"db",` +
			`"created_at":"2000-01-01T00:00:00.000Z","id":"` + id + `"}`
		if a.Status != http.StatusOK || a.Body != want {
			t.Errorf("POST = %d %s, want 200 %s", a.Status, a.Body, want)
		}
		if other := createJob(t, s, `{}`); other == id {
			t.Errorf("second job has id %s too", id)
		}
		form := send(s, http.MethodPost, "/api/v2/jobs/users-exports",
			"format=csv&limit=5&fields[0][name]=email&fields[1][name]=user_id&fields[1][export_as]=Id",
			"Content-Type", "application/x-www-form-urlencoded")
		const inForm = `"format":"csv","limit":5,` +
			`"fields":[{"name":"email"},{"name":"user_id","export_as":"Id"}],"connection":""`
		if form.Status != http.StatusOK || !strings.Contains(form.Body, inForm) {
			t.Errorf("POST of a form = %d %s, want 200 with %s", form.Status, form.Body, inForm)
		}
	})
}

// Each answer is shown as its status, its percentage_done and whether it has a
// location.
func TestPolls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opts auth0test.Options
		want string
	}{
		{"default", auth0test.Options{}, "pending - no, completed - yes, completed - yes"},
		{"none", auth0test.Options{Polls: -1}, "completed - yes, completed - yes, completed - yes"},
		{"three", auth0test.Options{Polls: 3}, "pending - no, processing - no, processing 75 no, completed - yes"},
		{"another word", auth0test.Options{Polls: 2, Running: "queued"}, "pending - no, queued - no, completed - yes"},
		{"failed", auth0test.Options{JobStatus: "failed"}, "pending - no, failed - no, failed - no"},
		{"expired", auth0test.Options{JobStatus: "expired", Polls: -1}, "expired - no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := auth0test.New(newTenant(1), tt.opts)
			id := createJob(t, s, `{}`)
			var got []string
			for range strings.Count(tt.want, ",") + 1 {
				m := get(s, "jobs/"+id).object(t)
				done, link := any("-"), "no"
				if v, ok := m["percentage_done"]; ok {
					done = v
				}
				if _, ok := m["location"]; ok {
					link = "yes"
				}
				if m["id"] != id || m["type"] != "users_export" {
					t.Errorf("poll of %s = %v", id, m)
				}
				got = append(got, fmt.Sprintf("%v %v %s", m["status"], done, link))
			}
			if s := strings.Join(got, ", "); s != tt.want {
				t.Errorf("polls = %s, want %s", s, tt.want)
			}
		})
	}
}

func TestFailedJob(t *testing.T) {
	t.Parallel()
	entries := []map[string]any{{"errors": []any{map[string]any{"code": "X", "message": "broke"}}}}
	tests := []struct {
		name   string
		opts   auth0test.Options
		status int
		body   string
	}{
		{"no entries", auth0test.Options{JobStatus: "failed", JobDetails: "timed out"}, 204, ""},
		{
			"entries",
			auth0test.Options{JobStatus: "failed", JobDetails: "timed out", JobErrors: entries},
			200, `[{"errors":[{"code":"X","message":"broke"}]}]`,
		},
		{"completed", auth0test.Options{JobErrors: entries}, 204, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.opts.Polls = -1
			s := auth0test.New(newTenant(1), tt.opts)
			id := createJob(t, s, `{}`)
			m := get(s, "jobs/"+id).object(t)
			if details, _ := m["status_details"].(string); details != tt.opts.JobDetails {
				t.Errorf("status_details %q, want %q", details, tt.opts.JobDetails)
			}
			if _, ok := m["summary"]; ok {
				t.Error("a summary, want none")
			}
			if a := get(s, "jobs/"+id+"/errors"); a.Status != tt.status || a.Body != tt.body {
				t.Errorf("errors = %d %s, want %d %s", a.Status, a.Body, tt.status, tt.body)
			}
		})
	}
}

func TestJobIsSnapshot(t *testing.T) {
	t.Parallel()
	s := auth0test.New(newTenant(2), auth0test.Options{})
	id := createJob(t, s, `{"format":"csv","fields":[{"name":"user_id"}]}`)
	s.Update(func(t *auth0test.Tenant) {
		t.Users[0].ID = "auth0|changed"
		t.Users = t.Users[:1]
	})
	want := "user_id\n\"'auth0|00000\"\n\"'auth0|00001\"\n"
	if got := gunzip(t, download(s, location(t, s, id)).Body); got != want {
		t.Errorf("file = %q, want %q", got, want)
	}
	if got := len(s.Tenant().Users); got != 1 {
		t.Errorf("tenant has %d users after Update, want 1", got)
	}
}

func TestJobLivesADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := auth0test.New(newTenant(1), auth0test.Options{LinkLife: 48 * time.Hour})
		id := createJob(t, s, `{}`)
		at := location(t, s, id)
		time.Sleep(24*time.Hour - time.Second)
		if a := get(s, "jobs/"+id); a.Status != http.StatusOK {
			t.Errorf("job of a day less a second = %d, want 200", a.Status)
		}
		time.Sleep(time.Second)
		for _, path := range []string{"jobs/" + id, "jobs/" + id + "/errors"} {
			if a := get(s, path); a.Status != http.StatusNotFound {
				t.Errorf("GET %s after a day = %d, want 404", path, a.Status)
			}
		}
		if a := download(s, at); a.Status != http.StatusNotFound || !strings.Contains(a.Body, "NoSuchKey") {
			t.Errorf("file after a day = %d %s, want 404 NoSuchKey", a.Status, a.Body)
		}
	})
}
