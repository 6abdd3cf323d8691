package httpapi_test

import (
	"net/http"
	"net/url"
	"testing"

	"a0permit/internal/httpapi"
)

func TestRequest(t *testing.T) {
	t.Parallel()
	a := &answers{list: []answer{{status: 201, body: `{"n":7}`}}}
	var out struct{ N int }
	err := newClient(t, a, nil).Do(t.Context(), httpapi.Call{
		Method: http.MethodPut, Path: "/users/" + url.PathEscape("auth0|a/b?c"), Query: url.Values{"q": {"a b"}},
		Body: map[string]int{"x": 1},
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
