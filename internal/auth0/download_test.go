package auth0_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"a0permit/internal/auth0"
	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi"
)

// finishExport runs an export job and returns its client and download link.
func finishExport(t *testing.T, s *auth0test.Server) (*auth0.Client, httpapi.Secret) {
	t.Helper()
	c := newClient(s)
	job, err := c.StartExport(t.Context(), auth0.Export{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	if job, err = c.Job(t.Context(), job.ID); err != nil || job.Location == "" {
		t.Fatalf("no link: %+v, %v", job, err)
	}
	return c, job.Location
}

// The storage host refuses a request that carries a token.
func TestDownloadSendsNoToken(t *testing.T) {
	t.Parallel()
	s := auth0test.New(auth0test.Sample(3), auth0test.Options{Polls: -1})
	c, link := finishExport(t, s)
	body, err := c.Download(t.Context(), link, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil || !strings.HasPrefix(string(data), "\x1f\x8b") {
		t.Errorf("error %v, and the file begins with %.2q", err, data)
	}
	calls := s.Calls()
	if got := calls[len(calls)-1].Header; got.Get("Authorization") != "" || got.Get("Cookie") != "" {
		t.Errorf("sent %v", got)
	}
}

func TestDownloadRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status int
		link   bool
	}{{400, true}, {403, true}, {404, true}, {410, true}, {302, false}, {500, false}, {503, false}}
	for _, tt := range tests {
		t.Run(http.StatusText(tt.status), func(t *testing.T) {
			t.Parallel()
			c := newClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://elsewhere.example/")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code></Error>")
			}))
			const link = "https://files.example/job_1/acme.csv.gz?Expires=1&Signature=sesame"
			body, err := c.Download(t.Context(), link, 0, "")
			var api *httpapi.APIError
			if body != nil || !errors.As(err, &api) || api.Status != tt.status {
				t.Fatalf("error %v, want a %d", err, tt.status)
			}
			if got := errors.Is(err, auth0.ErrLink); got != tt.link {
				t.Errorf("is ErrLink: %v, want %v", got, tt.link)
			}
			text := err.Error()
			if strings.Contains(text, "sesame") || strings.Contains(text, "acme") || strings.Contains(text, "\n") {
				t.Errorf("the error is more than one line, or shows the link: %q", text)
			}
		})
	}
}

func TestDownloadOfALinkThatHasExpired(t *testing.T) {
	t.Parallel()
	c, link := finishExport(t, auth0test.New(auth0test.Sample(3), auth0test.Options{Polls: -1, ExpireLinks: 1}))
	if _, err := c.Download(t.Context(), link, 0, ""); !errors.Is(err, auth0.ErrLink) {
		t.Errorf("error %v, want ErrLink", err)
	}
}

func TestDownloadFromNowhere(t *testing.T) {
	t.Parallel()
	c := newClient(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	_, err := c.Download(t.Context(), "https://files.example/?Signature=sesame", 0, "")
	if err == nil || errors.Is(err, auth0.ErrLink) || strings.Contains(err.Error(), "sesame") {
		t.Errorf("error %v", err)
	}
	_, err = c.Download(t.Context(), "://?Signature=sesame", 0, "")
	if err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("error %v", err)
	}
}
