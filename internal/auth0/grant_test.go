package auth0_test

import (
	"encoding/base64"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
)

func TestGrant(t *testing.T) {
	t.Parallel()
	jwt := func(claims string) string { return "x." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".y" }
	for token, want := range map[string]auth0.Grant{
		jwt(`{"iss":"https://acme.eu.auth0.com/","azp":"abc","exp":4000000000,"scope":"read:b  read:a read:b"}`): {
			Tenant: "acme.eu.auth0.com", Application: "abc", Expires: time.Unix(4_000_000_000, 0),
			Scopes: []string{"read:a", "read:b"}, HasScopes: true,
		},
		jwt(`{"client_id":"abc","permissions":["read:users"]}`): {
			Application: "abc", Scopes: []string{"read:users"}, HasScopes: true,
		},
		jwt(`{"scope":""}`):                         {HasScopes: true},
		jwt(`{"sub":"x"}`):                          {},
		jwt(`{"exp":"soon","scope":7,"azp":"abc"}`): {Application: "abc"},
		jwt(`nothing`):                              {},
		"x.#.y":                                     {},
		"opaque":                                    {},
		"a.b.c.d.e":                                 {},
	} {
		client := auth0.New(httpapi.Config{
			Base: &url.URL{Scheme: "https", Host: "acme.example"}, Token: httpapi.Secret(token),
		})
		got, err := client.Grant(t.Context())
		if len(got.Scopes) == 0 {
			got.Scopes = nil
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", token, err, diff)
		}
	}
}
