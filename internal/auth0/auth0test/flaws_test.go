package auth0test_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// readAll returns the answers to one call of each kind, the last a download.
func readAll(t *testing.T, flaw auth0test.Flaw) (answers []string) {
	t.Helper()
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	active := false
	s := auth0test.New(newTenant(5), auth0test.Options{
		Polls: -1, Clock: httpapitest.NewClockAt(now, 0),
		Flaws: func(*http.Request) auth0test.Flaw {
			if active {
				return flaw
			}
			return ""
		},
	})
	id := createJob(t, s, `{"format":"csv","fields":[{"name":"user_id"},{"name":"email"}]}`)
	link := location(t, s, id)
	from := get(s, "roles/"+roleID+"/users?take=1").object(t)["next"]
	active = true
	for _, path := range []string{
		"jobs/" + id, "roles?include_totals=true", "roles?include_totals=true&per_page=1&page=1", "connections?take=5",
		fmt.Sprintf("roles/%s/users?take=1&from=%s", roleID, url.QueryEscape(from.(string))),
		"users?include_totals=true", "users?include_totals=true&sort=created_at:-1",
		"users?include_totals=true&q=" + url.QueryEscape(`user_id:"auth0|00003"`),
	} {
		answers = append(answers, fmt.Sprint(get(s, path)))
	}
	return append(answers, fmt.Sprint(download(s, link)))
}

// Each flaw changes some answer, and leaves its status a success.
func TestFlawsShow(t *testing.T) {
	t.Parallel()
	right := readAll(t, "")
	for _, flaw := range auth0test.Flaws() {
		differ := 0
		for i, a := range readAll(t, flaw) {
			if a != right[i] {
				differ++
			}
			if !strings.HasPrefix(a, "{20") {
				t.Errorf("%s: %.60s", flaw, a)
			}
		}
		if differ == 0 {
			t.Errorf("%s changes nothing", flaw)
		}
	}
}
