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

// stalling sends a word and then nothing.
type stalling struct {
	ctx  context.Context
	said bool
}

func (s *stalling) Read(p []byte) (int, error) {
	if !s.said {
		s.said = true
		return copy(p, "word"), nil
	}
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

type overTransport func(*http.Request) (*http.Response, error)

func (f overTransport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestFetchThatStalls(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"answer", "body"} {
		synctest.Test(t, func(t *testing.T) {
			c := httpapi.New(httpapi.Config{Timeout: time.Minute, Transport: overTransport(func(r *http.Request) (*http.Response, error) {
				if at == "answer" {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(&stalling{ctx: r.Context()})}, nil
			})})
			start := time.Now()
			resp, err := c.Fetch(t.Context(), "https://files.example/x?Signature=sesame", 0, "")
			if err == nil {
				buf := make([]byte, 8)
				if n, err := resp.Body.Read(buf); n != 4 || err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
				time.Sleep(time.Hour) // whoever reads may be slow
				start = time.Now()
				_, err = resp.Body.Read(buf)
				if closed := resp.Body.Close(); closed != nil {
					t.Error(closed)
				}
				if err == nil || errors.Is(err, io.EOF) {
					t.Fatal("the end")
				}
				wantStalled(t, err)
			} else {
				wantStalled(t, err)
			}
			if took := time.Since(start); took != time.Minute {
				t.Errorf("%s: gave up after %v", at, took)
			}
		})
	}
}

func wantStalled(t *testing.T, err error) {
	t.Helper()
	if got := err.Error(); !strings.Contains(got, "GET files.example: nothing came for 1m0s") || strings.Contains(got, "sesame") {
		t.Errorf("error %s", got)
	}
}

// The rest of a file is asked for only where it can be told from another file's.
func TestFetchAsksForTheRest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		at           int64
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
		{7, `"a"`, "bytes=7-", 416, "", 0, true},
	}
	for _, tt := range tests {
		var asked *http.Request
		c := httpapi.New(httpapi.Config{Token: "sesame", Transport: overTransport(func(r *http.Request) (*http.Response, error) {
			asked = r
			return &http.Response{StatusCode: tt.status, Header: http.Header{"Content-Range": {tt.contentRange}}, Body: io.NopCloser(strings.NewReader("x"))}, nil
		})})
		resp, err := c.Fetch(t.Context(), "https://files.example/x", tt.at, tt.etag)
		if (err != nil) != tt.wantErr || err == nil && resp.StatusCode != tt.want {
			t.Errorf("%+v: %v", tt, err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
		if asked.Header.Get("Range") != tt.asked || (tt.asked != "") != (asked.Header.Get("If-Range") == tt.etag && tt.etag != "") {
			t.Errorf("%+v: asked with %v", tt, asked.Header)
		}
		if asked.Header.Get("Authorization") != "" || asked.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("asked with %v", asked.Header)
		}
	}
}
