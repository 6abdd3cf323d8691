package permittest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"a0permit/internal/httpapi/httpapitest"
	. "a0permit/internal/permit/permittest"
)

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
	put := newRequest(t, "PUT F/bulk/users", ops(`{"key":"a"}`), "Authorization", "Bearer "+DefaultKey)
	go func() {
		r, _ := roundTrip(t, s, put)
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
	address, stop := s.Start()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, address+"/v2/api-key/scope",
		http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+DefaultKey)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	err = resp.Body.Close()
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%v %v", resp, err)
	}
	stop()
	if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
		resp.Body.Close() //nolint:errcheck // the test has failed
		t.Error("an answer after stop")
	}
}

// No concurrent call is lost. With -race this also tests the locks.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	s := New(Options{Unlimited: true, AssignedPair: Skip})
	s.Seed(base)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				key := fmt.Sprintf("u%d-%d", i, j)
				do(t, s, "PUT F/bulk/users", ops(`{"key":"`+key+`"}`))
				do(t, s, "POST F/role_assignments/bulk", `[{"user":"`+key+`","role":"admin","tenant":"acme"}]`)
				do(t, s, "GET F/users?per_page=100", "")
				do(t, s, "GET F/role_assignments?tenant=acme&per_page=1000", "")
				do(t, s, "DELETE F/role_assignments", `{"user":"`+key+`","role":"admin","tenant":"acme"}`)
				s.State()
				s.Calls()
			}
		})
	}
	wg.Wait()
	if st := s.State(); len(st.Users) != 162 || len(st.Assignments) != 1 {
		t.Errorf("%d users, %d assignments", len(st.Users), len(st.Assignments))
	}
}
