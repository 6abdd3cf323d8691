package a0export

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"a0permit/internal/auth0/auth0test"
)

// setenv sets these variables, unsets the others that a0export reads, and changes to an
// empty directory. Tests that call it cannot be parallel.
func setenv(t *testing.T, variables map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range []string{
		"AUTH0_DOMAIN", "AUTH0_MGMT_ACCESS_TOKEN", "AUTH0_API_TOKEN", "AUTH0_ACCESS_TOKEN",
		"AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE",
	} {
		t.Setenv(name, "") // restores the variable after the test
		if value, ok := variables[name]; ok {
			t.Setenv(name, value)
		} else if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDomain(t *testing.T) {
	s := auth0test.New(small(), auth0test.Options{})
	address, stop := s.Start()
	defer stop()
	for _, domain := range []string{address, address + "/", address + "//", " " + address + "/ "} {
		setenv(t, map[string]string{"AUTH0_DOMAIN": domain, "AUTH0_API_TOKEN": auth0test.DefaultToken})
		runCommand(t.Context(), "--poll-interval", "1ms").expect(t, 0, "3 users")
	}
	for _, call := range s.Calls() {
		if strings.HasPrefix(call.Path, "//") {
			t.Errorf("called %s", call.Path)
		}
	}
	setenv(t, map[string]string{"AUTH0_API_TOKEN": "x"})
	runCommand(t.Context()).expect(t, 2, "a0export: error: AUTH0_DOMAIN is not set\n",
		"a0export: hint: export AUTH0_DOMAIN=")
	setenv(t, map[string]string{"AUTH0_DOMAIN": "acme eu", "AUTH0_API_TOKEN": "x"})
	runCommand(t.Context()).expect(t, 2, "a0export: error: AUTH0_DOMAIN: ", "a0export: hint: export AUTH0_DOMAIN=")
}

// If a domain was pasted with a path, the hint is the right line to type.
func TestRightDomain(t *testing.T) {
	for pasted, right := range map[string]string{
		"https://acme.eu.auth0.com/api/v2/":           "acme.eu.auth0.com",
		"https://https://acme.eu.auth0.com":           "acme.eu.auth0.com",
		"http://127.0.0.1:8080/api/v2/":               "http://127.0.0.1:8080",
		"https://manage.auth0.com/dashboard/eu/acme/": "your-tenant.eu.auth0.com",
	} {
		setenv(t, map[string]string{"AUTH0_DOMAIN": pasted, "AUTH0_API_TOKEN": "x"})
		runCommand(t.Context()).expect(t, 2, "error: AUTH0_DOMAIN: ", "hint: export AUTH0_DOMAIN="+right+"\n")
	}
}

// A domain is called over https in whatever form it was pasted. The call fails at the
// self-signed certificate, before the token is sent.
func TestDomainMeansHTTPS(t *testing.T) {
	called := false
	note := func(http.ResponseWriter, *http.Request) { called = true }
	server := httptest.NewUnstartedServer(http.HandlerFunc(note))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "https://")
	for _, domain := range []string{host, host + "/", "https://" + host, "https://" + host + "/"} {
		setenv(t, map[string]string{"AUTH0_DOMAIN": domain, "AUTH0_API_TOKEN": auth0test.DefaultToken})
		runCommand(t.Context()).expect(t, 1, "a0export: error: GET /api/v2/roles: ", "certificate")
	}
	if called {
		t.Error("an unknown server was called")
	}
}

func TestToken(t *testing.T) {
	address, stop := auth0test.New(small(), auth0test.Options{}).Start()
	defer stop()
	const good, other = auth0test.DefaultToken, "ey.other"
	tests := []struct {
		name      string
		variables map[string]string
		dotenv    string
		code      int
		want      []string
	}{
		{"none", nil, "", 2, []string{"error: no Auth0 token is set\n", "hint: export AUTH0_API_TOKEN="}},
		{"empty", map[string]string{"AUTH0_API_TOKEN": ""}, "", 2, []string{"error: no Auth0 token is set\n"}},
		{"the first name", map[string]string{"AUTH0_MGMT_ACCESS_TOKEN": good}, "", 0, nil},
		{"the second name", map[string]string{"AUTH0_API_TOKEN": good}, "", 0, nil},
		{"the third name", map[string]string{"AUTH0_ACCESS_TOKEN": good}, "", 0, nil},
		{"one of them empty", map[string]string{"AUTH0_MGMT_ACCESS_TOKEN": "", "AUTH0_ACCESS_TOKEN": good}, "", 0, nil},
		{
			"two that agree",
			map[string]string{"AUTH0_MGMT_ACCESS_TOKEN": good, "AUTH0_ACCESS_TOKEN": " " + good + "\n"},
			"", 0, nil,
		},
		{
			"two that differ",
			map[string]string{"AUTH0_API_TOKEN": good, "AUTH0_ACCESS_TOKEN": other},
			"", 2,
			[]string{
				"error: AUTH0_API_TOKEN and AUTH0_ACCESS_TOKEN are both set, to different values\n",
				"hint: unset AUTH0_ACCESS_TOKEN\n",
			},
		},
		{
			"two of three that differ",
			map[string]string{
				"AUTH0_MGMT_ACCESS_TOKEN": good, "AUTH0_API_TOKEN": good, "AUTH0_ACCESS_TOKEN": other,
			},
			"", 2,
			[]string{"error: AUTH0_MGMT_ACCESS_TOKEN and AUTH0_ACCESS_TOKEN are both set, to different values\n"},
		},
		{
			"pasted with more",
			map[string]string{"AUTH0_API_TOKEN": "Bearer " + good},
			"", 2,
			[]string{"error: AUTH0_API_TOKEN has a space"},
		},
		{".env", nil, "AUTH0_API_TOKEN=" + good + "\n", 0, nil},
		{
			"the environment before .env",
			map[string]string{"AUTH0_API_TOKEN": good},
			"AUTH0_API_TOKEN=" + other + "\n", 0, nil,
		},
		{
			"an empty one before .env",
			map[string]string{"AUTH0_API_TOKEN": ""},
			"AUTH0_API_TOKEN=" + good + "\n", 2,
			[]string{"no Auth0 token is set"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			setenv(t, tt.variables)
			t.Setenv("AUTH0_DOMAIN", address)
			if tt.dotenv != "" {
				if err := os.WriteFile(".env", []byte(tt.dotenv), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			r := runCommand(t.Context(), "--poll-interval", "1ms")
			r.expect(t, tt.code, tt.want...)
			if strings.Contains(r.errs, good) || strings.Contains(r.errs, other) {
				t.Errorf("a token is shown: %s", r.errs)
			}
		})
	}
}

// A flag overrides the environment.
func TestFlagsBeforeTheEnvironment(t *testing.T) {
	args := serve(t, auth0test.New(small(), auth0test.Options{}))
	setenv(t, map[string]string{"AUTH0_DOMAIN": "acme.invalid", "AUTH0_API_TOKEN": "ey.a", "AUTH0_ACCESS_TOKEN": "ey.b"})
	runCommand(t.Context(), args...).expect(t, 0)
}
