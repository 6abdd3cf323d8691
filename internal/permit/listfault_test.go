package permit_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"a0permit/internal/permit"
)

func TestNotAList(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, `{"items":[]}`, `{"data":null}`, `{"data":{}}`, `null`, `"list"`, `[{"key":1}]`,
		`[{}]`, `[{"key":""}]`, `[{"key":null}]`, `{"data":[{"key":"a"},{"email":"b"}],"total_count":2}`,
		`{"data":[],"total_count":"9"}`, `<html>`,
	} {
		users, err := collect(newClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(body))
		})).Users(t.Context()))
		if err == nil || len(users) > 0 || !strings.Contains(err.Error(), "GET /v2/facts"+place+"/users") {
			t.Errorf("%s: %d users, %v", body, len(users), err)
		}
	}
}

// An error in the middle of a list is yielded once, after the items before it.
func TestListBreaksOff(t *testing.T) {
	t.Parallel()
	p := &pager{items: 500}
	c := newClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "3" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		p.ServeHTTP(w, r)
	}))
	users, faults := 0, 0
	for u, err := range c.Users(t.Context()) {
		switch {
		case err == nil && faults == 0:
			users++
		case permit.Status(err) == http.StatusForbidden && u.Key == "":
			faults++
		default:
			t.Fatalf("user %q, %v after %d faults", u.Key, err, faults)
		}
	}
	if users != 200 || faults != 1 {
		t.Errorf("%d users and %d faults, want 200 and 1", users, faults)
	}
}

// A caller that leaves a list early causes no more calls.
func TestListLeftEarly(t *testing.T) {
	t.Parallel()
	p := &pager{items: 500}
	seen := 0
	for _, err := range newClient(p).Users(t.Context()) {
		if seen++; seen == 100 || err != nil {
			break
		}
	}
	if seen != 100 || len(p.queries) != 1 {
		t.Errorf("%d users in %d calls, want 100 in 1", seen, len(p.queries))
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if _, err := collect(newClient(p).Users(ctx)); !errors.Is(err, stop) || len(p.queries) != 1 {
		t.Errorf("cancelled: %v, %d calls", err, len(p.queries))
	}
}
