package httpapi_test

import (
	"errors"
	"strings"
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
		"HTTPS://Acme.EU.auth0.com":  "https://acme.eu.auth0.com",
		"acme.auth0.com:8443":        "https://acme.auth0.com:8443",
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

// An address pasted with too much around it is not called. The error shows its right
// form, without anything that may be a secret.
func TestRightBase(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"https://api.permit.io/v2":                              "https://api.permit.io",
		"https://acme.eu.auth0.com/api/v2/":                     "https://acme.eu.auth0.com",
		"acme.eu.auth0.com/api/v2/":                             "https://acme.eu.auth0.com",
		"https://https://acme.eu.auth0.com":                     "https://acme.eu.auth0.com",
		"https:/acme.eu.auth0.com":                              "https://acme.eu.auth0.com",
		"https//acme.eu.auth0.com":                              "https://acme.eu.auth0.com",
		"http://acme.eu.auth0.com":                              "https://acme.eu.auth0.com",
		"https://acme.eu.auth0.com?s3cret=1":                    "https://acme.eu.auth0.com",
		"https://acme.eu.auth0.com#s3cret":                      "https://acme.eu.auth0.com",
		"https://user:s3cret@acme.eu.auth0.com":                 "https://acme.eu.auth0.com",
		"user:s3cret@acme.eu.auth0.com/x":                       "https://acme.eu.auth0.com",
		"acme.eu.auth0.com:99999":                               "https://acme.eu.auth0.com",
		"acme.eu.auth0.com:0":                                   "https://acme.eu.auth0.com",
		"acme.eu.auth0.com:":                                    "https://acme.eu.auth0.com",
		"acme.eu.auth0.com:port":                                "https://acme.eu.auth0.com",
		"acme.auth0.com:8443/v2":                                "https://acme.auth0.com:8443",
		`"acme.eu.auth0.com"`:                                   "https://acme.eu.auth0.com",
		"acme.eu.auth0.com,":                                    "https://acme.eu.auth0.com",
		"http://127.0.0.1:8080/v2":                              "http://127.0.0.1:8080",
		"http://localhost:8080/v2":                              "http://localhost:8080",
		"[your auth0 domain]":                                   "",
		"acme eu":                                               "",
		"permit_key_s3cret":                                     "",
		"eyJhbGciOiJS." + strings.Repeat("s3cret", 12) + ".sig": "",
		"":         "",
		"https://": "",
	}
	for raw, want := range tests {
		base, err := httpapi.ParseBase(raw)
		var refused *httpapi.BaseError
		if !errors.As(err, &refused) {
			t.Errorf("ParseBase(%q) = %v, %v", raw, base, err)
			continue
		}
		if refused.Right != want || strings.Contains(err.Error()+refused.Right, "s3cret") {
			t.Errorf("ParseBase(%q): %v; the right form is said to be %q, want %q", raw, err, refused.Right, want)
		}
	}
}
