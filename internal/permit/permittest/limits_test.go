package permittest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	. "a0permit/internal/permit/permittest"
)

// countUntil429 returns how many calls pass before the first 429, up to most.
func countUntil429(t *testing.T, s *Server, most int, call, body string) int {
	t.Helper()
	for n := range most {
		if do(t, s, call, body).status == 429 {
			return n
		}
	}
	return most
}

func TestPublishedLimits(t *testing.T) {
	t.Parallel()
	const never = 1100
	for _, tc := range []struct {
		call, body   string
		narrow, wide int // calls before the first 429
	}{
		{"GET F/users", "", 1000, 1000},
		{"GET F/nowhere", "", 1000, 1000},
		{"POST F/users", "{}", 300, 300},
		{"PUT F/users/x", "{}", 300, 300},
		{"PATCH F/users/x", "{}", 1000, 300},
		{"DELETE F/users/x", "", 60, 60},
		{"POST S/roles", "{}", 40, 40},
		{"PATCH S/roles/x", "{}", 1000, 40},
		{"PUT S/bulk/roles", "{}", 100, 40},
		{"DELETE S/roles/x", "", 60, 40},
		{"PUT F/bulk/users", "{}", 100, 100},
		{"POST F/bulk/tenants", "{}", 100, 100},
		{"DELETE F/bulk/users", "{}", 60, 60},
		{"POST F/role_assignments/bulk", "[]", 300, 100},
		{"POST F/users/bulk/roles", "{}", 300, 300}, // a user called bulk
	} {
		t.Run(tc.call, func(t *testing.T) {
			t.Parallel()
			if got := countUntil429(t, New(Options{Forget: true}), never, tc.call, tc.body); got != tc.narrow {
				t.Errorf("narrow: %d calls pass, want %d", got, tc.narrow)
			}
			if got := countUntil429(t, New(Options{Forget: true, WideClasses: true}), never, tc.call, tc.body); got != tc.wide {
				t.Errorf("wide: %d calls pass, want %d", got, tc.wide)
			}
			if got := countUntil429(t, New(Options{Forget: true, Unlimited: true}), never, tc.call, tc.body); got != never {
				t.Errorf("unlimited: %d calls pass", got)
			}
		})
	}
}

func TestWindowsSlide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Limits: []Limit{{ClassWrite, 2, time.Minute}}, RetryAfter: true})
		put := func(want int, after string) {
			t.Helper()
			r := do(t, s, "PUT F/bulk/users", ops(`{"key":"a"}`))
			if r.status != want || r.header.Get("Retry-After") != after {
				t.Fatalf("status %d, Retry-After %q, want %d, %q", r.status, r.header.Get("Retry-After"), want, after)
			}
		}
		put(200, "") // at 0 s
		time.Sleep(40 * time.Second)
		put(200, "") // at 40 s
		time.Sleep(19500 * time.Millisecond)
		put(429, "41") // at 59.5 s; it counts, so the call at 40 s has to leave the window too
		time.Sleep(40500*time.Millisecond - time.Nanosecond)
		put(429, "20") // just before 100 s; it counts, so the call at 59.5 s has to leave too
		if got := s.Refused(); got != 2 {
			t.Errorf("refused %d", got)
		}
		time.Sleep(time.Minute)
		put(200, "")
		if do(t, s, "GET F/users", "").status != 200 {
			t.Error("a read counts as a write")
		}
	})
}

func TestRefusedCallDoesNoWork(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		form Body429
		want string
	}{
		{Body429Details, `"error_code":`},
		{Body429CloudPDP, `"error":"rate_limited"`},
	} {
		s := New(Options{Limits: []Limit{{ClassBulk, 1, time.Hour}}, ErrorBody429: tc.form})
		do(t, s, "PUT F/bulk/users", ops(`{"key":"a"}`))
		r := do(t, s, "PUT F/bulk/users", ops(`{"key":"b"}`))
		if r.status != 429 || !strings.Contains(r.raw, tc.want) || r.header.Get("Retry-After") != "" {
			t.Errorf("answer %d %s %v", r.status, r.raw, r.header)
		}
		if n := len(s.State().Users); n != 1 {
			t.Errorf("%d users", n)
		}
		if n := len(s.Calls()); n != 2 {
			t.Errorf("%d calls are on record", n)
		}
	}
}

func TestUnauthorizedCallsAreNotCounted(t *testing.T) {
	t.Parallel()
	s := New(Options{Limits: []Limit{{ClassAll, 1, time.Hour}}})
	for range 3 {
		if r := send(t, s, "GET F/users", ""); r.status != 401 {
			t.Fatalf("status %d", r.status)
		}
	}
	if r := do(t, s, "GET F/users", ""); r.status != 200 {
		t.Errorf("status %d", r.status)
	}
}

func TestRetryAfterIsInTheCallersSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := httpapitest.NewClock(120)
		s := New(Options{
			Clock: clock, Limits: []Limit{{ClassBulk, 1, 10 * time.Minute}, {ClassSchema, 0, time.Minute}}, RetryAfter: true,
		})
		if r := do(t, s, "POST S/roles", "{}"); r.header.Get("Retry-After") != "60" {
			t.Errorf("Retry-After %q before the clock has moved", r.header.Get("Retry-After"))
		}
		do(t, s, "PUT F/bulk/users", ops())
		time.Sleep(time.Second)
		r := do(t, s, "PUT F/bulk/users", ops())
		if calls := s.Calls(); calls[2].At.Sub(calls[1].At) != 2*time.Minute {
			t.Errorf("calls are not timed by the clock: %v, %v", calls[1].At, calls[2].At)
		}
		if got := r.header.Get("Retry-After"); r.status != 429 || got != "5" {
			t.Errorf("status %d, Retry-After %q, want 5: ten minutes of the clock", r.status, got)
		}
		time.Sleep(5 * time.Second)
		if r := do(t, s, "PUT F/bulk/users", ops()); r.status != 200 {
			t.Errorf("status %d after that", r.status)
		}
	})
}
