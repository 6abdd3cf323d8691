package a0export

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// An interrupt ends the run at any point, and the output is not a whole gzip stream.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, path, method string }{
		{"roles", "/api/v2/roles", http.MethodGet},
		{"the job", "/api/v2/jobs/users-exports", http.MethodPost},
		{"members", "/users", http.MethodGet},
		{"a poll", "/api/v2/jobs/job_", http.MethodGet},
		{"the download", "/exports/", http.MethodGet},
		{"the count", "/api/v2/users", http.MethodGet},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			s := auth0test.New(auth0test.Sample(200), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
				path := r.URL.Path
				if r.Method == tt.method && (strings.HasPrefix(path, tt.path) || strings.HasSuffix(path, tt.path)) {
					cancel()
				}
				return httpapitest.Fault{}
			}})
			runContext(ctx, t, s).expect(t, 130, "a0export: stopped: interrupted\n")
		})
	}
}

func TestInterruptWhileItWaits(t *testing.T) {
	t.Parallel()
	causes := map[int]error{
		130: errors.New("interrupt signal received"), 143: errors.New("terminated signal received"),
	}
	for code, cause := range causes {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			s := auth0test.New(small(), auth0test.Options{Polls: 1e6})
			start := time.Now()
			four := time.Date(2026, 5, 4, 4, 0, 0, 0, time.UTC)
			time.AfterFunc(time.Until(four), func() { cancel(cause) })
			runHere(ctx, s).expect(t, code, "a0export: export job job_", "a0export: stopped: interrupted\n")
			if end := time.Now(); end.Hour() != 4 || end.Minute() != 0 || end.Second() != 0 {
				t.Errorf("ended at %v, began at %v", end, start)
			}
		})
	}
}

// An interrupt ends every wait.
func TestInterruptOfWaits(t *testing.T) {
	t.Parallel()
	silence := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	refusal := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(status)
		}
	}
	total := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"users":[{"user_id":"a"}],"total":99}`)
	}
	waits := map[string]struct {
		path   string
		answer http.HandlerFunc
	}{
		"a call without an answer":     {"/api/v2/roles", silence},
		"a pause after a 429":          {"/api/v2/roles", refusal(429)},
		"a pause that Auth0 asks for":  {"/api/v2/roles", refusal(503)},
		"a download without an answer": {"/exports/", silence},
		"a fresh link":                 {"/exports/", refusal(403)},
		"a count that is too large":    {"/api/v2/users", total},
		"a count without an answer":    {"/api/v2/users", silence},
	}
	for name, wait := range waits {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.Sleep(time.Until(today))
			end := today.Add(3500 * time.Millisecond)
			time.AfterFunc(time.Until(end), func() { cancel(errors.New("interrupt signal received")) })
			tenant := auth0test.New(small(), auth0test.Options{Polls: -1})
			runHere(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, wait.path) {
					wait.answer(w, r)
					return
				}
				tenant.ServeHTTP(w, r)
			})).expect(t, 130, "a0export: stopped: interrupted\n")
			if late := time.Since(end); late != 0 {
				t.Errorf("%s: ended %v after the interrupt", name, late)
			}
		})
	}
}

// An interrupt ends a request for a token.
func TestInterruptDuringSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(today))
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New("interrupt")) })
		start := time.Now()
		silent := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		runOver(ctx, silent, "--domain", auth0test.DefaultClientID).expect(t, 130)
		if took := time.Since(start); took != time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

// cancelWriter is a stdout that interrupts the run in the middle: its reader goes away,
// or the user presses Ctrl-C.
type cancelWriter struct {
	cancel func()
	data   []byte
}

func (c *cancelWriter) Write(p []byte) (int, error) {
	c.cancel()
	c.data = append(c.data, p...)
	return len(p), nil
}

func TestInterruptInTheMiddleOfTheRows(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	args := append([]string{"a0export"}, serve(t, auth0test.New(auth0test.Sample(2000), auth0test.Options{}))...)
	out, errs := &cancelWriter{cancel: cancel}, &strings.Builder{}
	code := Run(ctx, args, nil, out, errs)
	if code != 130 || len(out.data) == 0 || isWhole(out.data) {
		t.Errorf("exit code %d, %d bytes, whole: %v\n%s", code, len(out.data), isWhole(out.data), errs)
	}
}
