package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"a0permit/internal/httpapi"
)

// answers is a transport that gives one answer after another, and then repeats the last.
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
	if next.body == "" && next.status == http.StatusOK {
		next.body = "{}"
	}
	if next.header == nil {
		next.header = http.Header{}
	}
	return &http.Response{
		StatusCode: next.status, Header: next.header, Body: io.NopCloser(strings.NewReader(next.body)), Request: r,
	}, nil
}

// transportFunc makes a transport from a function.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func parseError(e *httpapi.APIError, body []byte) {
	var b struct{ Code, Message string }
	if json.Unmarshal(body, &b) == nil {
		e.Code, e.Message = b.Code, b.Message
	}
}

// newClient returns a client that gets these answers. change, which may be nil, changes
// its configuration.
func newClient(t *testing.T, a *answers, change func(*httpapi.Config)) *httpapi.Client {
	t.Helper()
	base, err := url.Parse("https://api.example.com/prefix")
	if err != nil {
		t.Fatal(err)
	}
	config := httpapi.Config{Base: base, Token: "s3cret", Transport: a, ParseError: parseError}
	if change != nil {
		change(&config)
	}
	return httpapi.New(config)
}
