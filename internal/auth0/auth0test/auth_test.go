package auth0test_test

import (
	"cmp"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
)

const (
	form        = "application/x-www-form-urlencoded"
	credentials = "grant_type=client_credentials&client_id=auth0test-client&client_secret=auth0test-secret"
)

// requestToken returns the answer of the token endpoint.
func requestToken(h http.Handler, kind, body string) answer {
	return send(h, http.MethodPost, "/oauth/token", body, "Content-Type", kind, "Authorization", "")
}

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	const (
		aud    = "&audience=https%3A%2F%2Ftenant.example%2Fapi%2Fv2%2F"
		asJSON = `{"grant_type":"client_credentials","client_id":"auth0test-client","client_secret":"auth0test-secret",` +
			`"audience":"http://tenant.example/api/v2/"}`
	)
	swap := func(old, with string) string { return strings.Replace(credentials, old, with, 1) + aud }
	tests := []struct {
		name, kind, body string
		opts             auth0test.Options
		status           int
		want             string
	}{
		{name: "form", body: credentials + aud, status: 200, want: `"expires_in":86400,"token_type":"Bearer"}`},
		{name: "json", kind: "application/json", body: asJSON, status: 200, want: `"token_type":"Bearer"`},
		{
			name: "scope named", body: credentials + aud,
			opts: auth0test.Options{TokenScope: true, Scopes: []string{"a", "b"}}, status: 200, want: `"scope":"a b"`,
		},
		{
			name: "life", body: credentials + aud,
			opts: auth0test.Options{TokenLife: time.Hour}, status: 200, want: `"expires_in":3600`,
		},
		{
			name: "canonical audience", body: credentials + aud,
			opts: auth0test.Options{Audience: "https://canonical.example/api/v2/"}, status: 403,
			want: `"error_description":"Service not found: https://tenant.example/api/v2/"`,
		},
		{
			name: "audience without slash", body: credentials + strings.TrimSuffix(aud, "%2F"),
			status: 403, want: `"error":"access_denied"`,
		},
		{
			name: "bad secret", body: swap("auth0test-secret", "x"),
			status: 401, want: `{"error":"access_denied","error_description":"Unauthorized"}`,
		},
		{name: "bad client", body: swap("auth0test-client", "x"), status: 401, want: `"error":"access_denied"`},
		{
			name: "own client", body: credentials + aud,
			opts: auth0test.Options{ClientID: "me", ClientSecret: "it"}, status: 401, want: `"error":"access_denied"`,
		},
		{
			name: "no secret", body: swap("client_secret", "x"),
			status: 400, want: `Missing required parameter: client_secret`,
		},
		{
			name: "grant", body: swap("client_credentials", "password"),
			status: 403, want: `"error":"unsupported_grant_type"`,
		},
		{name: "kind", kind: "text/plain", body: credentials + aud, status: 400, want: `"error":"invalid_request"`},
		{
			name: "broken json", kind: "application/json", body: `{"grant_type":1}`,
			status: 400, want: `"error":"invalid_request"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := auth0test.New(newTenant(1), tt.opts)
			a := requestToken(s, cmp.Or(tt.kind, form), tt.body)
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
	if a := send(auth0test.New(newTenant(1), auth0test.Options{}), http.MethodGet, "/oauth/token", ""); a.Status != 404 {
		t.Errorf("GET of the token endpoint = %d, want 404", a.Status)
	}
}

// A token without an audience is issued, but refused by the first call that uses it.
func TestOpaqueToken(t *testing.T) {
	t.Parallel()
	s := auth0test.New(newTenant(1), auth0test.Options{})
	token, _ := requestToken(s, form, credentials).object(t)["access_token"].(string)
	if token == "" {
		t.Fatal("no token")
	}
	a := send(s, http.MethodGet, "/api/v2/roles", "", "Authorization", "Bearer "+token)
	want := `{"statusCode":400,"error":"Bad Request","message":"Bad HTTP authentication header format",` +
		`"errorCode":"Bearer"}`
	if a.Body != want {
		t.Errorf("with an opaque token = %s, want %s", a.Body, want)
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const expired = `{"statusCode":401,"error":"Unauthorized",` +
			`"message":"Expired token received for JSON Web Token validation",` +
			`"attributes":{"error":"Expired token received for JSON Web Token validation"}}`
		s := auth0test.New(newTenant(1), auth0test.Options{
			TokenExpires: time.Now().Add(time.Hour), TokenLife: 2 * time.Hour,
		})
		asked := requestToken(s, form, credentials+"&audience=https://tenant.example/api/v2/")
		issued, _ := asked.object(t)["access_token"].(string)
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
			time.Sleep(time.Hour)
		}
	})
}
