package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"a0permit/internal/httpapi"
)

// class returns a class in which all calls count.
func class(name string, calls int, per time.Duration) httpapi.Class {
	return httpapi.Class{Name: name, Calls: calls, Per: per, Has: func(string, string) bool { return true }}
}

// begin starts a call as soon as the pacer allows it. It fails the test if the pacer
// never does.
func begin(t *testing.T, p httpapi.Pacer) func(*http.Response) {
	t.Helper()
	//nolint:bodyclose // it opens nothing: done takes the answer
	done, err := p.Begin(t.Context(), http.MethodGet, "/")
	if err != nil {
		t.Fatal(err)
	}
	return done
}
