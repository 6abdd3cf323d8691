package a0export

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// tokenOf returns a token with these claims.
func tokenOf(claims string) string {
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

// runCheck runs a0export check with the tenant's token. The test fails if the output
// contains the token, or if a job was started.
func runCheck(t *testing.T, tenant auth0test.Tenant, options auth0test.Options, args ...string) result {
	t.Helper()
	token := options.Token
	if token == "" {
		token = auth0test.DefaultToken
	}
	s := auth0test.New(tenant, options)
	address, stop := s.Start()
	defer stop()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	r := runCommand(t.Context(), append([]string{"check", "--domain", address, "--token-file", path}, args...)...)
	for part := range strings.SplitSeq(token, ".") {
		if strings.Contains(r.errs, part) {
			t.Errorf("a part of the token is printed:\n%s", r.errs)
		}
	}
	calls := s.Calls()
	for _, call := range calls {
		if call.Method != http.MethodGet {
			t.Errorf("called %s %s", call.Method, call.Path)
		}
	}
	if len(r.out) > 0 || len(calls) > 11 {
		t.Errorf("stdout %q, %d calls", r.out, len(calls))
	}
	r.errs = strings.ReplaceAll(r.errs, strings.TrimPrefix(address, "http://"), "TENANT")
	return r
}

func without(scopes ...string) []string {
	return slices.DeleteFunc(auth0test.SafeScopes(), func(s string) bool { return slices.Contains(scopes, s) })
}

func TestCheckOfATokenThatMayDoAll(t *testing.T) {
	t.Parallel()
	token := tokenOf(`{"iss":"https://acme.eu.auth0.com/","azp":"abc","exp":4000000000,` +
		`"scope":"read:users read:roles read:role_members read:organizations read:organization_members ` +
		`read:organization_member_roles read:connections read:resource_servers read:groups ` +
		`read:group_roles read:group_members update:users delete:users"}`)
	tenant := customers()
	tenant.Groups = []auth0test.Group{{ID: "grp_1", Name: "Payers"}}
	r := runCheck(t, tenant, auth0test.Options{Token: token})
	r.expect(t, 0, "a0export: check passed for a0export and a0export all in ",
		"signed in: application abc, token valid until 2096-10-02 ",
		"the token has 2 scopes that a0export does not use: delete:users update:users\n")
	want := []string{
		"users: yes, 3 (read:users)",
		"roles: yes, 3 (read:roles)",
		"role members: yes (read:role_members)",
		"APIs: yes (read:resource_servers)",
		"groups: yes (read:groups)",
		"groups of roles: yes (read:group_roles)",
		"group members: yes (read:group_members)",
		"organizations: yes (read:organizations)",
		"organization members: yes (read:organization_members, read:organization_member_roles)",
		"connections: yes (read:connections)",
	}
	if diff := cmp.Diff(want, needLines(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, person := range []string{"ann", "Ann", "bob"} {
		if strings.Contains(r.errs, person) {
			t.Errorf("%s is shown:\n%s", person, r.errs)
		}
	}
}

// needLines returns the lines about what can be read, without their leading spaces.
func needLines(r result) []string {
	var lines []string
	for line := range strings.Lines(r.errs) {
		if text, ok := strings.CutPrefix(line, "a0export:   "); ok {
			lines = append(lines, strings.Join(strings.Fields(text), " "))
		}
	}
	return lines
}

func TestCheckOfATokenThatLacksScopes(t *testing.T) {
	t.Parallel()
	empty := auth0test.Tenant{}
	tests := []struct {
		name    string
		tenant  auth0test.Tenant
		options auth0test.Options
		code    int
		want    []string
	}{
		{
			"it does not name its scopes",
			customers(),
			auth0test.Options{},
			0,
			[]string{"signed in\n", "scopes: the token does not name them, so each table is tried\n"},
		},
		{
			"no roles",
			customers(),
			auth0test.Options{Scopes: without("read:roles")},
			1,
			[]string{
				"  roles:                no, lacks read:roles\n",
				"  role members:         not tried (roles cannot be read); needs read:role_members\n",
				"error: a0export cannot read users and their roles with this token\n",
				"hint: grant the application the scopes read:roles, read:role_members (",
			},
		},
		{
			"no users and no members, as it says",
			customers(),
			auth0test.Options{
				Token: tokenOf(`{"scope":"read:roles"}`), Scopes: []string{"read:roles"}, AllRoleScopes: true,
			},
			1,
			[]string{
				"  users:                no, lacks read:users\n", "hint: grant the application the scopes read:users, ",
				"  organization members: not tried (organizations cannot be read); the token lacks read:organization_members, ",
			},
		},
		{
			"no organizations",
			customers(),
			auth0test.Options{
				Token:  tokenOf(`{"permissions":["read:users","read:roles","read:role_members"]}`),
				Scopes: []string{"read:users", "read:roles", "read:role_members"},
			},
			0,
			[]string{
				"check passed for a0export, but not for a0export all in ",
				"hint: for a0export all grant the application the scopes read:resource_servers, read:organizations, " +
					"read:organization_members, read:organization_member_roles (",
				"hint: for roles held through groups grant the application the scopes read:groups, read:group_roles, " +
					"read:group_members (",
			},
		},
		{
			"organizations without the roles of their members",
			customers(),
			auth0test.Options{Scopes: without("read:organization_member_roles")},
			0,
			[]string{
				"  organization members: no, lacks read:organization_member_roles\n",
				"hint: for a0export all grant the application the scope read:organization_member_roles (",
			},
		},
		{
			"groups without their members",
			withGroups(),
			auth0test.Options{Scopes: without("read:group_members")},
			0,
			[]string{
				"  groups of roles:      yes (read:group_roles)\n", "  group members:        no, lacks read:group_members\n",
				"hint: for roles held through groups grant the application the scope read:group_members (",
				"check passed for a0export and a0export all",
			},
		},
		{
			"a tenant that does not have groups",
			withGroups(),
			auth0test.Options{NoGroups: true},
			0,
			[]string{"  groups:               yes, none (read:groups)\n"},
		},
		{
			"nothing to try it on",
			empty,
			auth0test.Options{Token: tokenOf(`{"scope":"read:users read:roles read:resource_servers read:organizations"}`)},
			0,
			[]string{
				"  role members:         not tried (there is no role); the token lacks read:role_members\n",
				"  organizations:        yes, none (read:organizations)\n", "a0export and a0export all",
			},
		},
		{
			"nothing at all",
			customers(),
			auth0test.Options{Token: tokenOf(`{"scope":""}`), Scopes: []string{"none"}},
			1,
			[]string{"scopes: none that a0export uses\n", "error: a0export cannot read users"},
		},
		{
			"a plan without organizations",
			customers(),
			auth0test.Options{Faults: faultAt("/api/v2/organizations", httpapitest.Fault{
				Status: 403, Body: `{"errorCode":"feature_not_enabled","message":"Not on this plan"}`,
			})},
			0,
			[]string{"  organizations:        no, Auth0 says: Not on this plan\n", "but not for a0export all"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			runCheck(t, tt.tenant, tt.options).expect(t, tt.code, tt.want...)
		})
	}
}

// The claims of a refused token show why it was refused.
func TestCheckOfATokenThatIsRefused(t *testing.T) {
	t.Parallel()
	for claims, want := range map[string]string{
		`{"exp":1000000000}`: "hint: the token expired at 2001-09-09 ",
		`{"exp":4000000000,"iss":"https://globex.eu.auth0.com/"}`: "hint: the token was issued by globex.eu.auth0.com, " +
			"and AUTH0_DOMAIN is TENANT\n",
		`{"exp":"soon","iss":7}`: "hint: the token has expired or belongs to another tenant",
		`no JSON`:                "hint: the token has expired or belongs to another tenant",
	} {
		refused := func(*http.Request) httpapitest.Fault {
			return httpapitest.Fault{Status: 401, Body: `{"statusCode":401,"error":"Unauthorized","message":"Invalid token"}`}
		}
		runCheck(t, small(), auth0test.Options{Token: tokenOf(claims), Faults: refused}).expect(t, 1,
			"GET /api/v2/users: 401 Unauthorized: Invalid token\n", want)
	}
	page := faultAt("/api/v2/users", httpapitest.Fault{Status: 403, Body: "<html>"})
	runCheck(t, small(), auth0test.Options{Faults: page}).expect(t, 1, "hint: AUTH0_DOMAIN is ", "proxy")
}

// The scopes of an application come from its token or from the answer with the token.
func TestCheckOfAnApplication(t *testing.T) {
	for _, tellsScope := range []bool{false, true} {
		s := auth0test.New(customers(), auth0test.Options{TokenScope: tellsScope, Scopes: without("read:connections")})
		address, stop := s.Start()
		defer stop()
		setenv(t, map[string]string{
			"AUTH0_DOMAIN": address, "AUTH0_CLIENT_ID": auth0test.DefaultClientID,
			"AUTH0_CLIENT_SECRET": auth0test.DefaultClientSecret,
		})
		r := runCommand(t.Context(), "check")
		r.expect(t, 0, "signed in: application "+auth0test.DefaultClientID+", token valid until ",
			"scopes: read:users read:roles read:role_members read:resource_servers read:groups read:group_roles "+
				"read:group_members read:organizations read:organization_members "+
				"read:organization_member_roles\n", "connections:          no, lacks read:connections\n")
		if strings.Contains(r.errs, "eyJ") || strings.Contains(r.errs, auth0test.DefaultClientSecret) {
			t.Errorf("a secret is printed:\n%s", r.errs)
		}
	}
	quiet := runCheck(t, customers(), auth0test.Options{}, "-q")
	quiet.expect(t, 0, "check passed")
	if n := strings.Count(quiet.errs, "\n"); n != 1 {
		t.Errorf("-q prints %d lines: %s", n, quiet.errs)
	}
	runCheck(t, small(), auth0test.Options{}, "--limit", "3").expect(t, 2, "not for a0export check")
	runCheck(t, small(), auth0test.Options{}, "-o", "x").expect(t, 2, "a0export check writes no data")
}
