package permit_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
)

// A key is one segment of the path, whatever it contains. The test uses a real
// connection, because the bytes on the wire are what counts.
func TestKeysInPaths(t *testing.T) {
	t.Parallel()
	tests := []struct{ key, want string }{
		{"plain", "/users/plain"},
		{"auth0|5f7c", "/users/auth0%7C5f7c"},
		{"auth0|a/b", "/users/auth0%7Ca%2Fb"},
		{"jane+x@acme.com", "/users/jane+x@acme.com"},
		{"a b?c#d%2F", "/users/a%20b%3Fc%23d%252F"},
		{"josé", "/users/jos%C3%A9"},
		{"..", "/users/.."},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			var got []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = append(got, r.Method+" "+r.RequestURI)
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(permit.User{Key: tt.key})
			}))
			defer server.Close()
			base, err := url.Parse(server.URL + "/proxy/")
			if err != nil {
				t.Fatal(err)
			}
			c := permit.New(httpapi.Config{Base: base, Token: "t"})
			c.In("my project", "a/b")
			if _, err := c.HasUser(t.Context(), tt.key); err != nil {
				t.Error(err)
			}
			if err := c.PutUser(t.Context(), permit.User{Key: tt.key}); err != nil {
				t.Error(err)
			}
			const place = "/proxy/v2/facts/my%20project/a%2Fb"
			if diff := cmp.Diff([]string{"GET " + place + tt.want, "PUT " + place + tt.want}, got); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
		})
	}
}

// Each key that Permit allows reaches its own user and no other.
func TestKeysThatPermitAllows(t *testing.T) {
	t.Parallel()
	s := permittest.New(permittest.Options{})
	address, stop := s.Start()
	defer stop()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	c := permit.New(httpapi.Config{Base: base, Token: permittest.DefaultKey})
	c.In(permittest.ProjectID, permittest.EnvironmentID)
	keys := []string{"auth0|1", "google-oauth2|2", "a+b@acme.com", ".", "..", "bulk", "-_."}
	for _, key := range keys {
		if seen, err := c.HasUser(t.Context(), key); seen || err != nil {
			t.Errorf("HasUser(%s), before = %v, %v", key, seen, err)
		}
		if err := c.PutUser(t.Context(), permit.User{Key: key}); err != nil {
			t.Errorf("PutUser(%s): %v", key, err)
		}
		if seen, err := c.HasUser(t.Context(), key); !seen || err != nil {
			t.Errorf("HasUser(%s) = %v, %v", key, seen, err)
		}
	}
	if got := len(s.State().Users); got != len(keys) {
		t.Errorf("%d users, want %d", got, len(keys))
	}
}
