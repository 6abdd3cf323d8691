package auth0test_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
)

const form = "application/x-www-form-urlencoded"

func askToken(h http.Handler, kind, body string) answer {
	return send(h, http.MethodPost, "/oauth/token", body, "Content-Type", kind, "Authorization", "")
}

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	const (
		good   = "grant_type=client_credentials&client_id=auth0test-client&client_secret=auth0test-secret"
		aud    = "&audience=https%3A%2F%2Ftenant.example%2Fapi%2Fv2%2F"
		asJSON = `{"grant_type":"client_credentials","client_id":"auth0test-client","client_secret":"auth0test-secret","audience":"http://tenant.example/api/v2/"}`
	)
	tests := []struct {
		name, kind, body string
		opts             auth0test.Options
		status           int
		want             string
	}{
		{"form", form, good + aud, auth0test.Options{}, 200, `"expires_in":86400,"token_type":"Bearer"}`},
		{"json", "application/json", asJSON, auth0test.Options{}, 200, `"token_type":"Bearer"`},
		{"scope named", form, good + aud, auth0test.Options{TokenScope: true, Scopes: []string{"a", "b"}}, 200, `"scope":"a b"`},
		{"life", form, good + aud, auth0test.Options{TokenLife: time.Hour}, 200, `"expires_in":3600`},
		{"canonical audience", form, good + aud, auth0test.Options{Audience: "https://canonical.example/api/v2/"}, 403, `"error_description":"Service not found: https://tenant.example/api/v2/"`},
		{"audience without slash", form, good + strings.TrimSuffix(aud, "%2F"), auth0test.Options{}, 403, `"error":"access_denied"`},
		{"bad secret", form, strings.Replace(good, "auth0test-secret", "x", 1) + aud, auth0test.Options{}, 401, `{"error":"access_denied","error_description":"Unauthorized"}`},
		{"bad client", form, strings.Replace(good, "auth0test-client", "x", 1) + aud, auth0test.Options{}, 401, `"error":"access_denied"`},
		{"own client", form, good + aud, auth0test.Options{ClientID: "me", ClientSecret: "it"}, 401, `"error":"access_denied"`},
		{"no secret", form, strings.Replace(good, "client_secret", "x", 1) + aud, auth0test.Options{}, 400, `Missing required parameter: client_secret`},
		{"grant", form, strings.Replace(good, "client_credentials", "password", 1) + aud, auth0test.Options{}, 403, `"error":"unsupported_grant_type"`},
		{"kind", "text/plain", good + aud, auth0test.Options{}, 400, `"error":"invalid_request"`},
		{"broken json", "application/json", `{"grant_type":1}`, auth0test.Options{}, 400, `"error":"invalid_request"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := auth0test.New(crowd(1), tt.opts)
			a := askToken(s, tt.kind, tt.body)
			if a.Status != tt.status || !strings.Contains(a.Body, tt.want) {
				t.Fatalf("token = %d %s, want %d with %s", a.Status, a.Body, tt.status, tt.want)
			}
			if token, ok := a.object(t)["access_token"].(string); ok && tt.opts.Scopes == nil {
				if got := send(s, http.MethodGet, "/api/v2/roles", "", "Authorization", "Bearer "+token); got.Status != 200 {
					t.Errorf("with the token = %d %s, want 200", got.Status, got.Body)
				}
			}
		})
	}
	if a := send(auth0test.New(crowd(1), auth0test.Options{}), http.MethodGet, "/oauth/token", ""); a.Status != 404 {
		t.Errorf("GET of the token endpoint = %d, want 404", a.Status)
	}
}

// TestOpaqueToken: who forgets the audience learns of it at the first call.
func TestOpaqueToken(t *testing.T) {
	t.Parallel()
	s := auth0test.New(crowd(1), auth0test.Options{})
	token, _ := askToken(s, form, "grant_type=client_credentials&client_id=auth0test-client&client_secret=auth0test-secret").object(t)["access_token"].(string)
	if token == "" {
		t.Fatal("no token")
	}
	a := send(s, http.MethodGet, "/api/v2/roles", "", "Authorization", "Bearer "+token)
	want := `{"statusCode":400,"error":"Bad Request","message":"Bad HTTP authentication header format","errorCode":"Bearer"}`
	if a.Body != want {
		t.Errorf("with an opaque token = %s, want %s", a.Body, want)
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const expired = `{"statusCode":401,"error":"Unauthorized","message":"Expired token received for JSON Web Token validation",` +
			`"attributes":{"error":"Expired token received for JSON Web Token validation"}}`
		s := auth0test.New(crowd(1), auth0test.Options{TokenExpires: time.Now().Add(time.Hour), TokenLife: 2 * time.Hour})
		issued, _ := askToken(s, form, "grant_type=client_credentials&client_id=auth0test-client&client_secret=auth0test-secret&audience=https://tenant.example/api/v2/").object(t)["access_token"].(string)
		roles := func(token string) string {
			return send(s, http.MethodGet, "/api/v2/roles?per_page=1&page=1", "", "Authorization", "Bearer "+token).Body
		}
		for i, want := range []struct{ fixed, issued string }{{"[]", "[]"}, {expired, "[]"}, {expired, expired}} {
			if got := roles(auth0test.DefaultToken); got != want.fixed {
				t.Errorf("hour %d: fixed token = %s, want %s", i, got, want.fixed)
			}
			if got := roles(issued); got != want.issued {
				t.Errorf("hour %d: issued token = %s, want %s", i, got, want.issued)
			}
			wait(time.Hour)
		}
	})
}
