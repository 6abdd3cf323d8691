package auth0test_test

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
)

// Each step waits, then calls until a call is refused.
func TestLimit(t *testing.T) {
	t.Parallel()
	type step struct {
		wait   time.Duration
		passed int
	}
	minute := auth0test.Limit{Burst: 5, Count: 5, Per: time.Minute}
	tests := []struct {
		name  string
		limit auth0test.Limit
		first time.Duration // when the test starts, after the beginning of a minute
		steps []step
	}{
		{
			"free", auth0test.Free, 500 * time.Millisecond,
			[]step{{0, 2}, {499 * time.Millisecond, 0}, {time.Millisecond, 2}, {time.Second, 2}, {time.Hour, 2}},
		},
		{
			"pro", auth0test.Pro, 0,
			[]step{{0, 10}, {399 * time.Millisecond, 0}, {time.Millisecond, 1}, {time.Second, 2}, {time.Hour, 10}},
		},
		{
			"enterprise", auth0test.Enterprise, 900 * time.Millisecond,
			[]step{{0, 50}, {99 * time.Millisecond, 0}, {time.Millisecond, 16}, {2 * time.Second, 32}, {time.Minute, 50}},
		},
		{
			"minute", minute, 59 * time.Second,
			[]step{{0, 5}, {999 * time.Millisecond, 0}, {time.Millisecond, 5}, {59 * time.Second, 0}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(tt.first)
				s := auth0test.New(newTenant(1), auth0test.Options{Limit: tt.limit})
				for i, st := range tt.steps {
					time.Sleep(st.wait)
					passed := 0
					for get(s, "roles").Status == http.StatusOK {
						passed++
					}
					if passed != st.passed {
						t.Errorf("step %d: %d calls passed, want %d", i, passed, st.passed)
					}
				}
			})
		})
	}
}

func TestLimitHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(300 * time.Millisecond)
		s := auth0test.New(newTenant(1), auth0test.Options{Limit: auth0test.Free})
		reset := strconv.FormatInt(time.Now().Unix()+1, 10)
		for i, tt := range []struct {
			target, remaining string
			status            int
		}{
			{"roles", "1", 200},
			{"roles/none/users", "0", 404}, // a refused call costs a token too
			{"roles", "0", 429},
		} {
			a := get(s, tt.target)
			h := a.Header
			if a.Status != tt.status || h.Get("x-ratelimit-limit") != "2" ||
				h.Get("x-ratelimit-remaining") != tt.remaining || h.Get("x-ratelimit-reset") != reset {
				t.Errorf("call %d = %d %v, want %d, 2, %s, %s", i, a.Status, h, tt.status, tt.remaining, reset)
			}
			if h.Get("Retry-After") != "" {
				t.Errorf("call %d has Retry-After", i)
			}
		}
		want := `{"statusCode":429,"error":"Too Many Requests","message":"Global limit has been reached",` +
			`"errorCode":"too_many_requests"}`
		if a := get(s, "roles"); a.Body != want {
			t.Errorf("429 = %s, want %s", a.Body, want)
		}
		if a := send(s, http.MethodPost, "/oauth/token", ""); a.Status == 429 || a.Header.Get("x-ratelimit-limit") != "" {
			t.Errorf("token endpoint = %d %v, want no Management limit", a.Status, a.Header)
		}
		if h := get(auth0test.New(newTenant(1), auth0test.Options{}), "roles").Header; h.Get("x-ratelimit-limit") != "" {
			t.Errorf("without a limit: %v", h)
		}
	})
}

// At the time in the reset header, a call is allowed again.
func TestLimitReset(t *testing.T) {
	t.Parallel()
	for _, limit := range []auth0test.Limit{auth0test.Free, auth0test.Pro, auth0test.Enterprise} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1234 * time.Millisecond)
			s := auth0test.New(newTenant(1), auth0test.Options{Limit: limit})
			for range 5 {
				a := get(s, "roles")
				for a.Status == http.StatusOK {
					a = get(s, "roles")
				}
				reset, err := strconv.ParseInt(a.Header.Get("x-ratelimit-reset"), 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				left := time.Until(time.Unix(reset, 0))
				if left <= 0 || left > 2*time.Second {
					t.Errorf("%v: reset in %v", limit, left)
				}
				time.Sleep(left)
				if a := get(s, "roles"); a.Status != http.StatusOK {
					t.Errorf("%v: at the reset = %d, want 200", limit, a.Status)
				}
			}
		})
	}
}
