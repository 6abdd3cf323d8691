package httpapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi"
)

// stallingBody delivers a word and then stalls.
type stallingBody struct {
	ctx  context.Context
	sent bool
}

func (b *stallingBody) Read(p []byte) (int, error) {
	if !b.sent {
		b.sent = true
		return copy(p, "word"), nil
	}
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func TestFetchThatStalls(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"answer", "body"} {
		synctest.Test(t, func(t *testing.T) {
			transport := transportFunc(func(r *http.Request) (*http.Response, error) {
				if at == "answer" {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(&stallingBody{ctx: r.Context()})}, nil
			})
			c := httpapi.New(httpapi.Config{Timeout: time.Minute, Transport: transport})
			start := time.Now()
			resp, err := c.Fetch(t.Context(), "https://files.example/x?Signature=sesame", 0, "")
			if err == nil {
				buf := make([]byte, 8)
				if n, err := resp.Body.Read(buf); n != 4 || err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
				time.Sleep(time.Hour) // a reader may be slow
				start = time.Now()
				_, err = resp.Body.Read(buf)
				if closed := resp.Body.Close(); closed != nil {
					t.Error(closed)
				}
				if err == nil || errors.Is(err, io.EOF) {
					t.Fatal("the end")
				}
			}
			got := err.Error()
			if !strings.Contains(got, "GET files.example: no data came for 1m0s") || strings.Contains(got, "sesame") {
				t.Errorf("error %s", got)
			}
			if took := time.Since(start); took != time.Minute {
				t.Errorf("%s: gave up after %v", at, took)
			}
		})
	}
}

// A host that refuses a link and then stalls is not waited for.
func TestFetchOfARefusalThatStalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := transportFunc(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusForbidden, Body: io.NopCloser(&stallingBody{ctx: r.Context()})}, nil
		})
		c := httpapi.New(httpapi.Config{Timeout: time.Minute, Transport: transport})
		start := time.Now()
		resp, err := c.Fetch(t.Context(), "https://files.example/x", 0, "")
		if err == nil {
			resp.Body.Close() //nolint:errcheck // the test has failed
		}
		if took := time.Since(start); took != time.Minute || err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// A link must open what the service has stored. If it could be something else, nothing is
// sent, and the error does not show the link.
func TestFetchOfLinksThatAreNotFollowed(t *testing.T) {
	t.Parallel()
	tests := []struct{ link, want string }{
		{"https://files.example/x?Signature=sesame", ""},
		{"https://files.example:8443/x", ""},
		{"HTTPS://files.example/x", ""},
		{"http://127.0.0.1:4000/x", ""},
		{"http://localhost/x", ""},
		{"http://[::1]:4000/x", ""},
		{"http://files.example/x?Signature=sesame", "it begins with http://, so others could read the file"},
		{"http://127.0.0.1.files.example/sesame", "it begins with http://, so others could read the file"},
		{"http://localhost.files.example/sesame", "it begins with http://, so others could read the file"},
		{"http://10.0.0.1/sesame", "it begins with http://, so others could read the file"},
		{"https://user:sesame@files.example/x", "there is a user in it"},
		{"http://sesame@127.0.0.1/x", "there is a user in it"},
		{"ftp://files.example/sesame", "it does not begin with https://"},
		{"file:///etc/sesame", "it is not a URL"},
		{"//files.example/sesame", "it does not begin with https://"},
		{"/exports/sesame", "it is not a URL"},
		{"https:///sesame", "it is not a URL"},
		{"https://files.example:sesame/", "it is not a URL"},
		{"sesame", "it is not a URL"},
		{"", "it is not a URL"},
	}
	for _, tt := range tests {
		sent := false
		c := httpapi.New(httpapi.Config{Transport: transportFunc(func(*http.Request) (*http.Response, error) {
			sent = true
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		})})
		resp, err := c.Fetch(t.Context(), tt.link, 0, "")
		if err == nil {
			resp.Body.Close() //nolint:errcheck // empty
		}
		isRefused := errors.Is(err, httpapi.ErrLink)
		if sent == isRefused || isRefused != (tt.want != "") || (err != nil) != isRefused {
			t.Errorf("%s: sent %v, %v", tt.link, sent, err)
		}
		if isRefused && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "sesame")) {
			t.Errorf("%s: %v, want %s", tt.link, err, tt.want)
		}
	}
}

// Only an ETag tells the rest of the same file from the rest of another.
func TestFetchAsksForTheRest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		offset       int64
		etag, asked  string
		status       int
		contentRange string
		want         int
		wantErr      bool
	}{
		{0, `"a"`, "", 200, "", 200, false},
		{7, "", "", 200, "", 200, false},
		{7, `W/"a"`, "", 200, "", 200, false},
		{7, `"a"`, "bytes=7-", 206, "bytes 7-9/10", 206, false},
		{7, `"a"`, "bytes=7-", 200, "", 200, false},
		{7, `"a"`, "bytes=7-", 206, "bytes 5-9/10", 0, true},
		{7, `"a"`, "bytes=7-", 206, "bytes 7-8/10", 0, true}, // not to the end
		{7, `"a"`, "bytes=7-", 206, "bytes 7-9/*", 0, true},  // of an unknown size
		{7, `"a"`, "bytes=7-", 206, "", 0, true},
		{0, "", "", 206, "bytes 0-4/10", 0, true},
		{7, `"a"`, "bytes=7-", 416, "", 0, true},
	}
	for _, tt := range tests {
		var asked *http.Request
		transport := transportFunc(func(r *http.Request) (*http.Response, error) {
			asked = r
			return &http.Response{
				StatusCode: tt.status, Header: http.Header{"Content-Range": {tt.contentRange}},
				Body: io.NopCloser(strings.NewReader("x")),
			}, nil
		})
		c := httpapi.New(httpapi.Config{Token: "sesame", Transport: transport})
		resp, err := c.Fetch(t.Context(), "https://files.example/x", tt.offset, tt.etag)
		if (err != nil) != tt.wantErr || err == nil && resp.StatusCode != tt.want {
			t.Errorf("%+v: %v", tt, err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
		ifRange := tt.etag != "" && asked.Header.Get("If-Range") == tt.etag
		if asked.Header.Get("Range") != tt.asked || (tt.asked != "") != ifRange {
			t.Errorf("%+v: asked with %v", tt, asked.Header)
		}
		if asked.Header.Get("Authorization") != "" || asked.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("asked with %v", asked.Header)
		}
	}
}

func TestFetchSendsNoToken(t *testing.T) {
	t.Parallel()
	a := &answers{list: []answer{
		{status: 200, body: "data"}, {status: 403, body: "<Error/>"}, {err: errors.New("reset")},
	}}
	c := newClient(t, a, nil)
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
