package permittest_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"a0permit/internal/httpapi/httpapitest"
	. "a0permit/internal/permit/permittest"
)

func TestKey(t *testing.T) {
	t.Parallel()
	play(t, []scene{
		{name: "own key", o: Options{Key: "permit_key_mine"}, steps: []step{{call: "GET /v2/api-key/scope", status: 200}}},
		{name: "environment", steps: []step{
			{call: "GET /v2/api-key/scope", status: 200, all: []string{OrganizationID, ProjectID, EnvironmentID}},
			{call: "GET /v2/facts/other/dev/users", status: 403, all: []string{"FORBIDDEN_ACCESS"}},
			{call: "GET /v2/facts/default/other/users", status: 403, all: []string{"FORBIDDEN_ACCESS"}},
			{call: "GET /v2/facts/" + ProjectID + "/" + EnvironmentID + "/users", status: 200},
			{call: "GET /v2/schema/" + ProjectID + "/dev/roles", status: 200},
			{call: "PUT /v2/facts/other/dev/bulk/users", body: `{"x":1}`, status: 403}, // before the body is looked at
		}},
		{name: "project", o: Options{KeyLevel: LevelProject}, steps: []step{
			{call: "GET /v2/api-key/scope", status: 200, all: []string{ProjectID}, none: []string{"environment_id"}},
			{call: "GET /v2/facts/default/other/users", status: 404, all: []string{"'Environment'"}},
			{call: "GET /v2/facts/other/dev/users", status: 403},
			{call: "GET F/users", status: 200},
		}},
		{name: "organization", o: Options{KeyLevel: LevelOrganization}, steps: []step{
			{call: "GET /v2/api-key/scope", status: 200, all: []string{OrganizationID}, none: []string{"project_id", "environment_id"}},
			{call: "GET /v2/facts/other/dev/users", status: 404, all: []string{"'Project'"}},
		}},
		{name: "nulls", o: Options{KeyLevel: LevelOrganization, Nulls: true}, steps: []step{
			{call: "GET /v2/api-key/scope", status: 200, all: []string{`"project_id":null`, `"environment_id":null`}},
		}},
		{name: "plain 403", o: Options{PlainDetail: true}, steps: []step{
			{call: "GET /v2/facts/other/dev/users", status: 403, all: []string{`{"detail":"`}, none: []string{"error_code"}},
			{call: "GET F/users/nobody", status: 404, all: []string{"error_code"}},
		}},
	})
}

func TestUnauthorized(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		header string
		status int
	}{
		{"", 401},
		{"Bearer wrong", 401},
		{"Bearer ", 401},
		{"Basic " + DefaultKey, 401},
		{DefaultKey, 401},
		{"Bearer " + DefaultKey, 200},
		{"bearer " + DefaultKey, 200},
	} {
		s := New(Options{})
		r := send(t, s, "GET /v2/api-key/scope", "", "Authorization", tc.header)
		if r.status != tc.status {
			t.Errorf("%q: status %d, want %d", tc.header, r.status, tc.status)
		}
		if r.status == 401 && !strings.Contains(r.raw, `"error_code":"UNAUTHORIZED"`) {
			t.Errorf("%q: %s", tc.header, r.raw)
		}
	}
	r := send(t, New(Options{PlainDetail: true}), "GET /v2/api-key/scope", "")
	if r.status != 401 || !strings.HasPrefix(r.raw, `{"detail":"`) {
		t.Errorf("plain: %d %s", r.status, r.raw)
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	gone := func(call string) scene {
		return scene{name: call, steps: []step{{call: call, status: 404, all: []string{`"error_code":"NOT_FOUND"`, `"id":"`, `"title":"`}}}}
	}
	play(t, []scene{
		gone("GET /"),
		gone("GET /v2/api-key/scope/"),
		gone("POST /v2/api-key/scope"),
		gone("GET F/bulk/users"),
		gone("PUT F/bulk/tenants"),
		gone("PATCH F/role_assignments"),
		gone("GET F/users/"),
		gone("GET F/users/a%2Fb"),
		gone("GET S/resources"),
		gone("GET //v2/facts/default/dev/users"),
		{
			name: "escaped ids", seed: State{Users: []User{{Key: "auth0|1"}, {Key: "a+b@example.com"}, {Key: ".."}}},
			steps: []step{
				{call: "GET F/users/auth0%7C1", status: 200, all: []string{`"key":"auth0|1"`}},
				{call: "GET F/users/a%2Bb%40example.com", status: 200, all: []string{`"key":"a+b@example.com"`}},
				{call: "GET F/users/%2E%2E", status: 200, all: []string{`"key":".."`}},
			},
		},
	})
}

func TestErrorDetailsIDs(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	seen := map[string]bool{}
	for range 3 {
		var e map[string]any
		do(t, s, "GET F/users/nobody", "").into(t, &e)
		for _, field := range []string{"id", "title", "error_code", "message", "support_link"} {
			if v, _ := e[field].(string); v == "" {
				t.Errorf("%s is missing in %v", field, e)
			}
		}
		if _, ok := e["additional_info"]; !ok {
			t.Errorf("additional_info is missing in %v", e)
		}
		// What Permit's CLI cuts out of the message.
		if m := e["message"].(string); !strings.Contains(m, "could not find 'User'") || !strings.Contains(m, "id='nobody'") {
			t.Errorf("message %q", m)
		}
		seen[e["id"].(string)] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d request ids in 3 answers", len(seen))
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	put := ops(`{"key":"new"}`)
	fault := func(f httpapitest.Fault) func(*http.Request) httpapitest.Fault {
		done := false
		return func(r *http.Request) httpapitest.Fault {
			if _, err := io.ReadAll(r.Body); err != nil { // reading must not rob the handler
				return httpapitest.Fault{Status: 599}
			}
			if done {
				return httpapitest.Fault{}
			}
			done = true
			return f
		}
	}
	for _, tc := range []struct {
		name   string
		fault  httpapitest.Fault
		status int // 0: no answer
		users  int
	}{
		{"none", httpapitest.Fault{}, 200, 1},
		{"status", httpapitest.Fault{Status: 503}, 503, 0},
		{"cut", httpapitest.Fault{Cut: true}, 0, 0},
		{"lost", httpapitest.Fault{Lose: true}, 0, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := New(Options{Faults: fault(tc.fault), Limits: []Limit{{ClassBulk, 2, 1 << 40}}})
			r, err := try(t, s, request(t, "PUT F/bulk/users", put, "Authorization", "Bearer "+DefaultKey))
			if (err != nil) != (tc.status == 0) || r.status != tc.status {
				t.Errorf("answer %d, %v", r.status, err)
			}
			if got := len(s.State().Users); got != tc.users {
				t.Errorf("%d users, want %d", got, tc.users)
			}
			// A call that failed has used up its slot.
			if r := do(t, s, "PUT F/bulk/users", put); r.status != 200 {
				t.Errorf("second call: %d %s", r.status, r.raw)
			}
			if r := do(t, s, "PUT F/bulk/users", put); r.status != 429 {
				t.Errorf("third call: %d", r.status)
			}
			if calls := s.Calls(); len(calls) != 3 || calls[0].Status != tc.status || string(calls[0].Body) != put {
				t.Errorf("calls %+v", calls)
			}
		})
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	s := New(Options{Forget: true})
	do(t, s, "GET F/users", "")
	if n := len(s.Calls()); n != 0 {
		t.Errorf("%d calls are kept", n)
	}
}

func TestMaxBody(t *testing.T) {
	t.Parallel()
	s := New(Options{MaxBody: 39})
	if r := do(t, s, "PUT F/bulk/users", ops(`{"key":"a"}`)); r.status != 200 {
		t.Errorf("small: %d %s", r.status, r.raw)
	}
	r := do(t, s, "PUT F/bulk/users", ops(`{"key":"a"}`, `{"key":"b"}`))
	if r.status != 413 || !strings.HasPrefix(r.raw, "<html>") {
		t.Errorf("big: %d %s", r.status, r.raw)
	}
}

func TestSerialBulk(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan bool), make(chan bool)
	s := New(Options{SerialBulk: 409, Faults: func(r *http.Request) httpapitest.Fault {
		if r.Method == http.MethodPut {
			arrived <- true
			<-release
		}
		return httpapitest.Fault{}
	}})
	first := make(chan reply)
	put := request(t, "PUT F/bulk/users", ops(`{"key":"a"}`), "Authorization", "Bearer "+DefaultKey)
	go func() {
		r, _ := try(t, s, put)
		first <- r
	}()
	<-arrived
	r := do(t, s, "POST F/role_assignments/bulk", "[]")
	if r.status != 409 || !strings.Contains(r.raw, "CONCURRENT_OPERATION_DISALLOWED") {
		t.Errorf("beside another: %d %s", r.status, r.raw)
	}
	if r := do(t, s, "GET F/users", ""); r.status != 200 {
		t.Errorf("a read: %d", r.status)
	}
	close(release)
	if r := <-first; r.status != 200 {
		t.Errorf("first: %d %s", r.status, r.raw)
	}
	if r := do(t, s, "POST F/role_assignments/bulk", "[]"); r.status != 200 {
		t.Errorf("afterwards: %d %s", r.status, r.raw)
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	url, stop := s.Start()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, url+"/v2/api-key/scope", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+DefaultKey)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%v %v", resp, err)
	}
	stop()
	if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
		resp.Body.Close() //nolint:errcheck // the test has failed
		t.Error("an answer after stop")
	}
}
