package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"a0permit/internal/httpapi"
)

// An answer that looks like success but is not the service's is an error, for reads and
// writes. A write may have done its work.
func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	kind := func(name string) http.Header { return http.Header{"Content-Type": {name}} }
	asJSON := kind("application/json")
	tests := []struct {
		name   string
		answer answer
		says   string
	}{
		{"nothing", answer{status: 200, body: " "}, "the answer is empty"},
		{"no content", answer{status: 204}, "the answer is empty"},
		{
			"a sign-in page",
			answer{status: 200, body: "<html>Sign in</html>", header: kind("text/html")},
			`text/html, not JSON: "<html>Sign in</html>"`,
		},
		{
			"JSON that says it is text",
			answer{status: 200, body: `{"n":1}`, header: kind("text/plain; charset=utf-8")},
			"text/plain",
		},
		{"a page that says it is JSON", answer{status: 200, body: "<html>", header: asJSON}, "not as documented"},
		{"null", answer{status: 200, body: "null", header: asJSON}, "null"},
		{"another type", answer{status: 200, body: `{"n":"one"}`, header: asJSON}, "not as documented"},
		{"a list", answer{status: 200, body: `[]`, header: asJSON}, "not as documented"},
		{"half of it", answer{status: 200, body: `{"n":1`, header: asJSON}, "not as documented"},
		{"two of it", answer{status: 200, body: `{"n":1}{"n":2}`, header: asJSON}, "not as documented"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{http.MethodGet, http.MethodPut} {
				var out struct{ N int }
				a := &answers{list: []answer{tt.answer}}
				err := newClient(t, a, nil).Do(t.Context(), httpapi.Call{Method: method, Path: "/x"}, &out)
				if !httpapi.IsForeign(err) || !httpapi.Unanswered(err) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%s: %v, want %q", method, err, tt.says)
				}
			}
		})
	}
}

func TestAnswersOfTheService(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"application/json", "application/json; charset=utf-8", "application/problem+json"} {
		var out struct{ N int }
		header := http.Header{"Content-Type": {kind}}
		a := &answers{list: []answer{{status: 200, body: `{"n":7,"new_field":null}`, header: header}}}
		err := newClient(t, a, nil).Do(t.Context(), httpapi.Call{Method: http.MethodGet, Path: "/x"}, &out)
		if err != nil || out.N != 7 {
			t.Errorf("%s: %d, %v", kind, out.N, err)
		}
	}
	a := &answers{list: []answer{{status: 204}}}
	deletion := httpapi.Call{Method: http.MethodDelete, Path: "/x", Empty: true}
	if err := newClient(t, a, nil).Do(t.Context(), deletion, &struct{}{}); err != nil {
		t.Errorf("a deletion: %v", err)
	}
}
