package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi"
)

// answers is a transport that gives one answer after another, the last for
// ever.
type answers struct {
	list []answer
	seen []*http.Request
	body []string
}

type answer struct {
	status int
	body   string
	header http.Header
	err    error
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	next := a.list[min(len(a.seen), len(a.list)-1)]
	a.seen = append(a.seen, r)
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.body = append(a.body, string(sent))
	if next.err != nil {
		return nil, next.err
	}
	if next.header == nil {
		next.header = http.Header{}
	}
	return &http.Response{StatusCode: next.status, Header: next.header, Body: io.NopCloser(strings.NewReader(next.body)), Request: r}, nil
}

func parseError(e *httpapi.APIError, body []byte) {
	var b struct{ Code, Message string }
	if json.Unmarshal(body, &b) == nil {
		e.Code, e.Message = b.Code, b.Message
	}
}

func client(t *testing.T, a *answers, change func(*httpapi.Config)) *httpapi.Client {
	t.Helper()
	base, err := httpapi.ParseBase("https://api.example.com/prefix/")
	if err != nil {
		t.Fatal(err)
	}
	config := httpapi.Config{Base: base, Token: "s3cret", Transport: a, ParseError: parseError}
	if change != nil {
		change(&config)
	}
	return httpapi.New(config)
}

func TestRequest(t *testing.T) {
	t.Parallel()
	a := &answers{list: []answer{{status: 201, body: `{"n":7}`}}}
	var out struct{ N int }
	err := client(t, a, nil).Do(t.Context(), httpapi.Call{
		Method: http.MethodPut, Path: "/users/" + url.PathEscape("auth0|a/b?c"), Query: url.Values{"q": {"a b"}}, Body: map[string]int{"x": 1},
	}, &out)
	if err != nil || out.N != 7 {
		t.Fatalf("Do = %v with %+v, want 7 and no error", err, out)
	}
	r := a.seen[0]
	if got, want := r.URL.String(), "https://api.example.com/prefix/users/auth0%7Ca%2Fb%3Fc?q=a+b"; got != want {
		t.Errorf("called %s, want %s", got, want)
	}
	if got := r.Header.Get("Authorization"); got != "Bearer s3cret" {
		t.Errorf("Authorization = %q", got)
	}
	if a.body[0] != `{"x":1}` || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("sent %s as %s", a.body[0], r.Header.Get("Content-Type"))
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	reset := errors.New("connection reset")
	tests := []struct {
		name     string
		answers  []answer
		calls    int
		ok       bool
		min, max time.Duration
	}{
		{"at once", []answer{{status: 200}}, 1, true, 0, 0},
		{"500 then fine", []answer{{status: 500}, {status: 200}}, 2, true, 1, 500 * time.Millisecond},
		{"408 then fine", []answer{{status: 408}, {status: 200}}, 2, true, 1, 500 * time.Millisecond},
		{"425 then fine", []answer{{status: 425}, {status: 200}}, 2, true, 1, 500 * time.Millisecond},
		{"501 is final", []answer{{status: 501}}, 1, false, 0, 0},
		{"400 is final", []answer{{status: 400}}, 1, false, 0, 0},
		{"401 is final", []answer{{status: 401}}, 1, false, 0, 0},
		{"409 is final", []answer{{status: 409}}, 1, false, 0, 0},
		{"redirects are refused", []answer{{status: 302, header: http.Header{"Location": {"https://elsewhere.example"}}}}, 1, false, 0, 0},
		{"but not while another operation runs", []answer{{status: 409, body: `{"code":"CONCURRENT_OPERATION_DISALLOWED"}`}, {status: 200}}, 2, true, 1, time.Second},
		{"Retry-After in seconds", []answer{{status: 503, header: http.Header{"Retry-After": {"30"}}}, {status: 200}}, 2, true, 30 * time.Second, 30 * time.Second},
		{"a date that has passed", []answer{{status: 503, header: http.Header{"Retry-After": {"Sat, 02 Jan 1999 15:04:05 GMT"}}}, {status: 200}}, 2, true, 1, 500 * time.Millisecond},
		{"429 uses up no attempt", append(many(30, answer{status: 429, header: http.Header{"Retry-After": {"1"}}}), answer{status: 200}), 31, true, 30 * time.Second, 30 * time.Second},
		{"500 for ever", []answer{{status: 500}}, 10, false, time.Second, 4 * time.Minute},
		{"503 for an hour", append(many(120, answer{status: 503, header: http.Header{"Retry-After": {"30"}}}), answer{status: 200}), 121, true, time.Hour, 2 * time.Hour},
		{"503 for ever", []answer{{status: 503, header: http.Header{"Retry-After": {"60"}}}}, 121, false, time.Hour, 2 * time.Hour},
		{"a cut connection", []answer{{status: 500}, {err: reset}, {status: 200}}, 3, true, 1, 2 * time.Second},
		{"a service that was never there", []answer{{err: reset}}, 4, false, 1, 4 * time.Second},
		{"a network that goes away for half an hour", append(append([]answer{{status: 500}}, many(40, answer{err: reset})...), answer{status: 200}), 42, true, time.Minute, time.Hour},
		{"an answer that is not JSON", []answer{{status: 200, body: "<html>"}}, 1, false, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &answers{list: tt.answers}
				start := time.Now()
				var out map[string]any
				err := client(t, a, nil).Do(t.Context(), httpapi.Call{Method: http.MethodPut, Path: "/x", Body: "again"}, &out)
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

func many(n int, a answer) []answer {
	list := make([]answer, n)
	for i := range list {
		list[i] = a
	}
	return list
}

func TestInterruptEndsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("interrupt signal received")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*time.Second, func() { cancel(why) })
		start := time.Now()
		a := &answers{list: []answer{{status: 503, header: http.Header{"Retry-After": {"600"}}}}}
		err := client(t, a, nil).Do(ctx, httpapi.Call{Method: http.MethodGet, Path: "/x"}, nil)
		if !errors.Is(err, why) || time.Since(start) != 3*time.Second {
			t.Errorf("Do = %v after %v, want the interrupt after 3s", err, time.Since(start))
		}
	})
}

type slow struct{ done bool }

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(10 * time.Second):
		s.done = true
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func TestInterruptLetsAWriteFinish(t *testing.T) {
	t.Parallel()
	for method, finishes := range map[string]bool{http.MethodPut: true, http.MethodPost: true, http.MethodGet: false} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			transport := &slow{}
			c := client(t, nil, func(config *httpapi.Config) { config.Transport = transport })
			err := c.Do(ctx, httpapi.Call{Method: method, Path: "/x"}, nil)
			if transport.done != finishes || (err == nil) != finishes {
				t.Errorf("%s: Do = %v, the call finished: %v, want %v", method, err, transport.done, finishes)
			}
		})
	}
}

func TestErrorsAndLogsKeepSecretsAndEmails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		a := &answers{list: []answer{
			{err: &url.Error{Op: "Get", URL: "https://x?token=s3cret", Err: errors.New("dial jane@acme.com")}},
			{status: 422, body: `{"code":"INVALID","message":"jane@acme.com is taken"}`},
		}}
		c := client(t, a, func(config *httpapi.Config) {
			config.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo}))
			config.OnWait = func(_ time.Duration, why error) { fmt.Fprintln(&log, why) }
		})
		err := c.Do(t.Context(), httpapi.Call{Method: http.MethodPut, Path: "/users/samlp%7Cacme%7Cjane@acme.com"}, nil)
		if err == nil {
			t.Fatal("Do = nil, want an error")
		}
		text := err.Error() + log.String()
		if strings.Contains(text, "s3cret") || strings.Contains(text, "jane") {
			t.Errorf("a secret or an email is in %s", text)
		}
		var api *httpapi.APIError
		if !errors.As(err, &api) || api.Message != "jane@acme.com is taken" {
			t.Errorf("the service's own words are lost: %+v", api)
		}
	})
}

func TestSecret(t *testing.T) {
	t.Parallel()
	secret := httpapi.Secret("s3cret")
	encoded, err := json.Marshal(map[string]any{"a": secret})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", secret)
	for _, text := range []string{fmt.Sprint(secret), fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret, secret), string(encoded), log.String()} {
		if strings.Contains(text, "s3cret") {
			t.Errorf("it shows in %s", text)
		}
	}
}

func TestFetchSendsNoToken(t *testing.T) {
	t.Parallel()
	a := &answers{list: []answer{{status: 200, body: "data"}, {status: 403, body: "<Error/>"}, {err: errors.New("reset")}}}
	c := client(t, a, nil)
	const link = "https://files.example.com/export.gz?Signature=s3cret"
	resp, err := c.Fetch(t.Context(), link, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if got := a.seen[0].Header.Values("Authorization"); got != nil {
		t.Errorf("Authorization = %q, want none", got)
	}
	for range 2 {
		resp, err := c.Fetch(t.Context(), link, 0, "")
		if err == nil {
			resp.Body.Close() //nolint:errcheck // the test has failed
			t.Fatal("Fetch = nil, want an error")
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the link's signature is in %q", err)
		}
	}
}

func TestParseBase(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"acme.eu.auth0.com":          "https://acme.eu.auth0.com",
		"https://acme.eu.auth0.com/": "https://acme.eu.auth0.com",
		" acme.auth0.com ":           "https://acme.auth0.com",
		"http://127.0.0.1:8080":      "http://127.0.0.1:8080",
		"http://[::1]:8080/":         "http://[::1]:8080",
		"http://localhost:8080":      "http://localhost:8080",
		"http://acme.auth0.com":      "",
		"http://127.0.0.1.evil.com":  "",
		"ftp://acme.auth0.com":       "",
		"":                           "",
		"https://":                   "",
		"[your auth0 domain]":        "",
		"https://u:p@acme.auth0.com": "",
		"https://acme.auth0.com/?a":  "",
	}
	for raw, want := range tests {
		got := ""
		if base, err := httpapi.ParseBase(raw); err == nil {
			got = base.String()
		}
		if got != want {
			t.Errorf("ParseBase(%q) = %q, want %q", raw, got, want)
		}
	}
}
