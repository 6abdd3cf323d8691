package httpapi_test

import (
	"testing"

	"a0permit/internal/httpapi"
)

func TestParseBase(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"acme.eu.auth0.com":          "https://acme.eu.auth0.com",
		"https://acme.eu.auth0.com/": "https://acme.eu.auth0.com",
		" acme.auth0.com ":           "https://acme.auth0.com",
		"http://127.0.0.1:8080":      "http://127.0.0.1:8080",
		"http://[::1]:8080/":         "http://[::1]:8080",
		"http://localhost:8080":      "http://localhost:8080",
		"http://acme.auth0.com":      "",
		"http://127.0.0.1.evil.com":  "",
		"ftp://acme.auth0.com":       "",
		"":                           "",
		"https://":                   "",
		"[your auth0 domain]":        "",
		"https://u:p@acme.auth0.com": "",
		"https://acme.auth0.com/?a":  "",
	}
	for raw, want := range tests {
		got := ""
		if base, err := httpapi.ParseBase(raw); err == nil {
			got = base.String()
		}
		if got != want {
			t.Errorf("ParseBase(%q) = %q, want %q", raw, got, want)
		}
	}
}
