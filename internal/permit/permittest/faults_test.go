package permittest_test

import (
	"io"
	"net/http"
	"testing"

	"a0permit/internal/httpapi/httpapitest"
	. "a0permit/internal/permit/permittest"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	put := ops(`{"key":"new"}`)
	fault := func(f httpapitest.Fault) func(*http.Request) httpapitest.Fault {
		done := false
		return func(r *http.Request) httpapitest.Fault {
			if _, err := io.ReadAll(r.Body); err != nil { // the handler must still get what is read here
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
		status int // 0 is no answer
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
			r, err := roundTrip(t, s, newRequest(t, "PUT F/bulk/users", put, "Authorization", "Bearer "+DefaultKey))
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
