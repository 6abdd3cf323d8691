package httpapi_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi"
)

// retryAfter returns an answer that asks for a wait.
func retryAfter(status int, wait string) answer {
	return answer{status: status, header: http.Header{"Retry-After": {wait}}}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	var (
		ok     = answer{status: 200}
		failed = answer{status: 500}
		cut    = answer{err: errors.New("connection reset")}
		moved  = answer{status: 302, header: http.Header{"Location": {"https://elsewhere.example"}}}
		busy   = answer{status: 409, body: `{"code":"CONCURRENT_OPERATION_DISALLOWED"}`}
	)
	times := func(n int, a answer) []answer { return slices.Repeat([]answer{a}, n) }
	then := slices.Concat[[]answer]
	const half = 500 * time.Millisecond
	tests := []struct {
		name     string
		answers  []answer
		calls    int
		ok       bool
		min, max time.Duration
	}{
		{"at once", []answer{ok}, 1, true, 0, 0},
		{"500 then fine", []answer{failed, ok}, 2, true, 1, half},
		{"408 then fine", []answer{{status: 408}, ok}, 2, true, 1, half},
		{"425 then fine", []answer{{status: 425}, ok}, 2, true, 1, half},
		{"501 is final", []answer{{status: 501}}, 1, false, 0, 0},
		{"400 is final", []answer{{status: 400}}, 1, false, 0, 0},
		{"401 is final", []answer{{status: 401}}, 1, false, 0, 0},
		{"409 is final", []answer{{status: 409}}, 1, false, 0, 0},
		{"redirects are refused", []answer{moved}, 1, false, 0, 0},
		{"but not while another operation runs", []answer{busy, ok}, 2, true, 1, time.Second},
		{"Retry-After in seconds", []answer{retryAfter(503, "30"), ok}, 2, true, 30 * time.Second, 30 * time.Second},
		{
			"a date that has passed",
			[]answer{retryAfter(503, "Sat, 02 Jan 1999 15:04:05 GMT"), ok},
			2, true, time.Second, time.Second,
		},
		{
			"a date by the service's clock",
			[]answer{{status: 503, header: http.Header{
				"Date": {"Sat, 02 Jan 1999 15:04:05 GMT"}, "Retry-After": {"Sat, 02 Jan 1999 15:04:35 GMT"},
			}}, ok},
			2, true, 30 * time.Second, 30 * time.Second,
		},
		{"Retry-After: 0 for ever", []answer{retryAfter(429, "0")}, 7201, false, 2 * time.Hour, 2 * time.Hour},
		{"Retry-After: NaN", []answer{retryAfter(429, "NaN"), ok}, 2, true, 30 * time.Second, 30 * time.Second},
		{"Retry-After: 0.001", []answer{retryAfter(429, "0.001"), ok}, 2, true, 30 * time.Second, 30 * time.Second},
		{"Retry-After: -5", []answer{retryAfter(503, "-5"), ok}, 2, true, 1, half},
		{"Retry-After in years", []answer{retryAfter(503, "99999999999999999999"), ok}, 1, false, 0, 0},
		{"Retry-After in years, of a 429", []answer{retryAfter(429, "4000000000"), ok}, 1, false, 0, 0},
		{
			"429 uses up no attempt", then(times(30, retryAfter(429, "1")), times(1, ok)),
			31, true, 30 * time.Second, 30 * time.Second,
		},
		{"500 for ever", []answer{failed}, 10, false, time.Second, 4 * time.Minute},
		{
			"503 for an hour", then(times(120, retryAfter(503, "30")), times(1, ok)),
			121, true, time.Hour, 2 * time.Hour,
		},
		{"503 for ever", []answer{retryAfter(503, "60")}, 121, false, time.Hour, 2 * time.Hour},
		{"a cut connection", []answer{failed, cut, ok}, 3, true, 1, 2 * time.Second},
		{"a service that was never there", []answer{cut}, 4, false, 1, 4 * time.Second},
		{
			"a network that goes away for half an hour", then(times(1, failed), times(40, cut), times(1, ok)),
			42, true, time.Minute, time.Hour,
		},
		{"an answer that is not JSON", []answer{{status: 200, body: "<html>"}}, 1, false, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &answers{list: tt.answers}
				start := time.Now()
				var out map[string]any
				err := newClient(t, a, nil).Do(t.Context(), httpapi.Call{Method: http.MethodPut, Path: "/x", Body: "again"}, &out)
				if (err == nil) != tt.ok {
					t.Errorf("Do = %v, want ok %v", err, tt.ok)
				}
				if len(a.seen) != tt.calls {
					t.Errorf("%d calls, want %d", len(a.seen), tt.calls)
				}
				for i, body := range a.body {
					if body != `"again"` {
						t.Errorf("call %d sent %q: the body must be sent anew", i, body)
					}
				}
				if took := time.Since(start); took < tt.min || took > tt.max {
					t.Errorf("took %v, want %v to %v", took, tt.min, tt.max)
				}
				if api := (*httpapi.APIError)(nil); errors.As(err, &api) && api.Attempts != tt.calls {
					t.Errorf("Attempts = %d, want %d", api.Attempts, tt.calls)
				}
			})
		})
	}
}
