package httpapi_test

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi"
)

// limitAnswer returns an answer with rate limit headers.
func limitAnswer(status, remaining int, reset string) *http.Response {
	h := http.Header{}
	h.Set("x-ratelimit-limit", "10")
	h.Set("x-ratelimit-remaining", strconv.Itoa(remaining))
	h.Set("x-ratelimit-reset", reset)
	return &http.Response{StatusCode: status, Header: h}
}

func unixSeconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

func TestQuotaWaitsForTheReset(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) string { return unixSeconds(time.Now().Add(d)) }
	tests := []struct {
		name   string
		answer func() *http.Response // written when the clock shows this decade
		want   time.Duration
	}{
		{"something is left", func() *http.Response { return limitAnswer(200, 3, in(9*time.Second)) }, 0},
		{
			"nothing is left, as UNIX time",
			func() *http.Response { return limitAnswer(200, 0, in(9*time.Second)) }, 9 * time.Second,
		},
		{"nothing is left, as a delay", func() *http.Response { return limitAnswer(200, 0, "4") }, 4 * time.Second},
		{"the reset has passed", func() *http.Response { return limitAnswer(200, 0, in(-time.Hour)) }, 0},
		{"429 with a reset", func() *http.Response { return limitAnswer(429, 0, in(5*time.Second)) }, 5 * time.Second},
		{
			"429 without a word",
			func() *http.Response { return &http.Response{StatusCode: 429, Header: http.Header{}} }, time.Second,
		},
		{"another clock", func() *http.Response {
			there := time.Now().Add(-time.Hour)
			r := limitAnswer(200, 0, unixSeconds(there.Add(6*time.Second)))
			r.Header.Set("Date", there.UTC().Format(http.TimeFormat))
			return r
		}, 6 * time.Second},
		{"no headers", func() *http.Response { return &http.Response{StatusCode: 200, Header: http.Header{}} }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				skipTo2026(t)
				q := httpapi.NewQuota(0, nil)
				begin(t, q)(tt.answer())
				start := time.Now()
				begin(t, q)
				if got := time.Since(start).Round(time.Second); got != tt.want {
					t.Errorf("the next call went out after %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestQuotaLetsNoMoreOutThanIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		skipTo2026(t)
		q := httpapi.NewQuota(0, nil)
		first := begin(t, q)
		go func() {
			time.Sleep(time.Second)
			first(limitAnswer(200, 2, unixSeconds(time.Now().Add(30*time.Second))))
		}()
		start := time.Now()
		second := begin(t, q) // before the first answer nothing is known
		if got := time.Since(start); got != time.Second {
			t.Errorf("a second call went out after %v, want 1s: with the first answer", got)
		}
		second(nil)
		reset := time.Now().Add(29 * time.Second)
		begin(t, q)(limitAnswer(200, 0, unixSeconds(reset)))
		begin(t, q)
		if got := time.Since(start); got < 29*time.Second {
			t.Errorf("a third call of two that were left went out after %v", got)
		}
	})
}

// skipTo2026 moves the clock of a bubble from 2000 to 2026. Only then UNIX seconds differ
// from a delay.
func skipTo2026(t *testing.T) {
	t.Helper()
	time.Sleep(26 * 365 * 24 * time.Hour)
}
