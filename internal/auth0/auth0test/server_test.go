package auth0test_test

import (
	"net/http"
	"sync"
	"testing"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

func TestCallsAndFaults(t *testing.T) {
	t.Parallel()
	failed := false
	s := auth0test.New(newTenant(1), auth0test.Options{Polls: -1, Faults: func(r *http.Request) httpapitest.Fault {
		if r.Method == http.MethodPost && !failed {
			failed = true
			return httpapitest.Fault{Status: http.StatusServiceUnavailable, Body: `{}`}
		}
		return httpapitest.Fault{}
	}})
	if a := send(s, http.MethodPost, "/api/v2/jobs/users-exports", `{}`); a.Status != http.StatusServiceUnavailable {
		t.Errorf("first create = %d, want the fault's 503", a.Status)
	}
	download(s, location(t, s, createJob(t, s, `{}`)))
	want := []int{503, 200, 200, 200}
	calls := s.Calls()
	if len(calls) != len(want) {
		t.Fatalf("%d calls, want %d, the download among them", len(calls), len(want))
	}
	for i, c := range calls {
		if c.Status != want[i] {
			t.Errorf("call %d: %s %s = %d, want %d", i, c.Method, c.Path, c.Status, want[i])
		}
	}
}

// The fake and its caller do not share a tenant: a change by one is not seen by the
// other.
func TestTenantIsCopied(t *testing.T) {
	t.Parallel()
	given := newTenant(1)
	given.Users[0].AppMetadata = map[string]any{"plan": "pro"}
	s := auth0test.New(given, auth0test.Options{})
	given.Users[0].AppMetadata["plan"] = "free"
	given.Roles[0].Members[0] = "x"
	given.Organizations[0].Members[0].Roles[0] = "x"
	s.Tenant().Users[0].AppMetadata["plan"] = "free"
	held := s.Tenant()
	if held.Users[0].AppMetadata["plan"] != "pro" || held.Roles[0].Members[0] == "x" ||
		held.Organizations[0].Members[0].Roles[0] == "x" {
		t.Errorf("the fake shares its tenant with the caller: %+v", held)
	}
}

// This test is for the race detector.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	s := auth0test.New(newTenant(50), auth0test.Options{Limit: auth0test.Enterprise, CutDownload: -1})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			get(s, "roles/"+roleID+"/users?take=10")
			get(s, "users?per_page=5")
			send(s, http.MethodPost, "/api/v2/jobs/users-exports", `{}`)
			s.Update(func(t *auth0test.Tenant) { t.Users[0].Blocked = true })
			requestToken(s, form, credentials)
			s.Calls()
		})
	}
	wg.Wait()
}
