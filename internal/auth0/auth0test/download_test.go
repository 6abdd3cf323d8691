package auth0test_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

func TestLink(t *testing.T) {
	t.Parallel()
	s := auth0test.New(newTenant(1), auth0test.Options{Polls: -1})
	id := createJob(t, s, `{"format":"csv"}`)
	first, second := location(t, s, id), location(t, s, id)
	if first == second {
		t.Error("two polls gave one link")
	}
	u, err := url.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "http" || u.Host != host || strings.HasPrefix(u.Path, "/api/") ||
		!strings.HasSuffix(u.Path, "/crowd.csv.gz") {
		t.Errorf("link %s, want http, %s, outside the API, a .csv.gz", first, host)
	}
	if u.Query().Get("Expires") == "" || u.Query().Get("Signature") == "" {
		t.Errorf("link %s, want Expires and Signature", first)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+host+"/api/v2/jobs/"+id, nil)
	r.Header.Set("Authorization", "Bearer "+auth0test.DefaultToken)
	r.TLS = &tls.ConnectionState{}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `"location":"https://`+host) {
		t.Errorf("job over TLS = %s, want a link over TLS", w.Body)
	}
}

func TestDownloadRefusals(t *testing.T) {
	t.Parallel()
	swap := func(old, with string) func(string) string {
		return func(at string) string { return strings.Replace(at, old, with, 1) }
	}
	tests := []struct {
		name   string
		change func(string) string // changes the link; nil leaves it
		header []string
		opts   auth0test.Options
		status int
		code   string
		want   string
	}{
		{name: "good", status: 200},
		{
			name: "bearer", header: []string{"Authorization", "Bearer x"},
			status: 400, code: "InvalidArgument", want: "Only one auth mechanism allowed",
		},
		{
			name: "basic", header: []string{"Authorization", "Basic x"},
			status: 400, code: "InvalidArgument", want: "Only one auth mechanism allowed",
		},
		{
			name: "signature", change: swap("Signature=", "Signature=0"),
			status: 403, code: "AccessDenied", want: "Access denied",
		},
		{
			name: "longer life", change: swap("Expires=", "Expires=9"),
			status: 403, code: "AccessDenied", want: "Access denied",
		},
		{
			name: "another file", change: swap("crowd", "other"),
			status: 403, code: "AccessDenied", want: "Access denied",
		},
		{
			name: "no query", change: func(at string) string { at, _, _ = strings.Cut(at, "?"); return at },
			status: 403, code: "AccessDenied", want: "Access denied",
		},
		{
			name: "expired when used", opts: auth0test.Options{ExpireLinks: 1},
			status: 403, code: "AccessDenied", want: "Request has expired",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := auth0test.New(newTenant(1), tt.opts)
			id := createJob(t, s, `{}`)
			at := location(t, s, id)
			if tt.change != nil {
				at = tt.change(at)
			}
			a := download(s, at, tt.header...)
			if a.Status != tt.status || !strings.Contains(a.Body, tt.want) {
				t.Errorf("download = %d %q, want %d %q", a.Status, a.Body, tt.status, tt.want)
			}
			isRefusal := strings.Contains(a.Body, "<Error><Code>"+tt.code+"</Code>") &&
				a.Header.Get("Content-Type") == "application/xml"
			if tt.code != "" && !isRefusal {
				t.Errorf("download = %s %q, want XML with code %s", a.Header.Get("Content-Type"), a.Body, tt.code)
			}
			if again := download(s, location(t, s, id)); again.Status != 200 {
				t.Errorf("fresh link = %d, want 200", again.Status)
			}
		})
	}
	s := auth0test.New(newTenant(1), auth0test.Options{})
	at := location(t, s, createJob(t, s, `{}`))
	if a := send(s, http.MethodPost, at, "", "Authorization", ""); a.Status != http.StatusMethodNotAllowed {
		t.Errorf("POST of a link = %d, want 405", a.Status)
	}
}

func TestLinkLife(t *testing.T) {
	t.Parallel()
	for life, opts := range map[time.Duration]auth0test.Options{
		time.Minute:     {},
		5 * time.Second: {LinkLife: 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := auth0test.New(newTenant(1), opts)
			id := createJob(t, s, `{}`)
			at := location(t, s, id)
			time.Sleep(life)
			if a := download(s, at); a.Status != 200 {
				t.Errorf("after %v = %d, want 200", life, a.Status)
			}
			time.Sleep(time.Second)
			if a := download(s, at); a.Status != 403 || !strings.Contains(a.Body, "Request has expired") {
				t.Errorf("after %v and a second = %d %s, want 403 expired", life, a.Status, a.Body)
			}
			if a := download(s, location(t, s, id)); a.Status != 200 {
				t.Errorf("fresh link = %d, want 200", a.Status)
			}
		})
	}
}

// The fake uses the clock of its Options, not the wall clock.
func TestScaledClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := httpapitest.NewClock(120)
		s := auth0test.New(newTenant(1), auth0test.Options{Clock: clock})
		at := location(t, s, createJob(t, s, `{}`))
		time.Sleep(400 * time.Millisecond)
		if a := download(s, at); a.Status != 200 {
			t.Errorf("after 48 s = %d, want 200", a.Status)
		}
		time.Sleep(200 * time.Millisecond)
		a := download(s, at)
		if a.Status != 403 {
			t.Errorf("after 72 s = %d, want 403", a.Status)
		}
		if got, want := a.Header.Get("Date"), clock.Now().UTC().Format(http.TimeFormat); got != want {
			t.Errorf("Date %s, want %s", got, want)
		}
	})
}

func TestFileHeaders(t *testing.T) {
	t.Parallel()
	for _, ranges := range []bool{false, true} {
		s := auth0test.New(newTenant(9), auth0test.Options{ServeRange: ranges})
		a := download(s, location(t, s, createJob(t, s, `{}`)), "Accept-Encoding", "gzip")
		h := a.Header
		if h.Get("Content-Encoding") != "" || h.Get("Content-Type") != "application/gzip" || h.Get("Etag") == "" ||
			h.Get("Content-Length") != strconv.Itoa(len(a.Body)) {
			t.Errorf("ranges %v: headers %v", ranges, h)
		}
		if gunzip(t, a.Body) == "" {
			t.Errorf("ranges %v: empty file", ranges)
		}
		if h.Get("X-Ratelimit-Limit") != "" {
			t.Errorf("ranges %v: the download host has rate headers", ranges)
		}
	}
}

func TestRange(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		serve  bool
		ifTag  string // %s is that of the file
		status int
	}{
		{"ignored", false, "%s", 200},
		{"honoured", true, "", 206},
		{"same file", true, "%s", 206},
		{"another file", true, `"other"`, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := auth0test.New(newTenant(9), auth0test.Options{ServeRange: tt.serve})
			id := createJob(t, s, `{}`)
			whole := download(s, location(t, s, id))
			header := []string{"Range", "bytes=10-"}
			if tt.ifTag != "" {
				header = append(header, "If-Range", strings.Replace(tt.ifTag, "%s", whole.Header.Get("Etag"), 1))
			}
			a := download(s, location(t, s, id), header...)
			want := whole.Body
			if tt.status == 206 {
				want = want[10:]
				if got, full := a.Header.Get("Content-Range"), len(whole.Body); got != fmt.Sprintf("bytes 10-%d/%d", full-1, full) {
					t.Errorf("Content-Range %q", got)
				}
			}
			if a.Status != tt.status || a.Body != want {
				t.Errorf("range = %d with %d bytes, want %d with %d", a.Status, len(a.Body), tt.status, len(want))
			}
		})
	}
}

// The test needs a socket: only there can half an answer arrive.
func TestCutDownload(t *testing.T) {
	t.Parallel()
	for _, ranges := range []bool{false, true} {
		s := auth0test.New(newTenant(500), auth0test.Options{CutDownload: 2, ServeRange: ranges})
		base, stop := s.Start()
		defer stop()
		id := createJob(t, s, `{"format":"csv"}`)
		fetch := func() (int64, string, error) {
			at, err := url.Parse(location(t, s, id))
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+at.RequestURI(), http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := new(http.Client).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close() //nolint:errcheck // read to its end, or broken off by the fake
			body, err := io.ReadAll(resp.Body)
			return resp.ContentLength, string(body), err
		}
		for i := range 2 {
			length, body, err := fetch()
			if !errors.Is(err, io.ErrUnexpectedEOF) || int64(len(body)) != length/2 {
				t.Errorf("ranges %v: download %d = %d of %d bytes, %v, want half and a broken body", ranges, i, len(body), length,
					err)
			}
		}
		length, body, err := fetch()
		if err != nil || int64(len(body)) != length || strings.Count(gunzip(t, body), "\n") != 501 {
			t.Errorf("ranges %v: third download = %d of %d bytes, %v, want the file", ranges, len(body), length, err)
		}
	}
}
