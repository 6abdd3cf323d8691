package auth0test_test

import (
	"net/http"
	"strings"
	"testing"

	"a0permit/internal/auth0/auth0test"
)

// The service refuses each of these calls.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const (
		export  = "POST /api/v2/jobs/users-exports"
		roles   = "GET /api/v2/roles"
		members = roles + "/" + roleID + "/users"

		noScope   = "insufficient_scope"
		badBody   = "invalid_body"
		badQuery  = "invalid_query_string"
		badPaging = "invalid_paging"
	)
	auth := func(value string) []string { return []string{"Authorization", value} }
	fields31 := `[` + strings.TrimSuffix(strings.Repeat(`{"name":"email"},`, 31), ",") + `]`
	long := strings.Repeat("ä", 101)
	tests := []struct {
		name    string
		call    string // method and target
		body    string
		header  []string
		opts    auth0test.Options
		status  int
		code    string
		message string // part of the message
	}{
		{name: "no such path", call: "GET /api/v2/clients", status: 404, message: "Not Found"},
		{name: "outside the API", call: "GET /users", status: 404, message: "Not Found"},
		{name: "wrong method", call: "POST /api/v2/roles", body: `{}`, status: 404},
		{name: "wrong method of a job", call: "DELETE /api/v2/jobs/job_1", status: 404},
		{name: "trailing slash", call: roles + "/", status: 404, message: "Not Found"},
		{
			name: "poll path of the old guide", call: "GET /api/v2/jobs/users-exports/job_AAAAAAAAAAAAAAAA", status: 404,
			message: "Not Found",
		},

		{name: "no token", call: roles, header: auth(""), status: 401, message: "Missing authentication"},
		{
			name: "basic", call: roles, header: auth("Basic eDp5"), status: 400, code: "Bearer",
			message: "Bad HTTP authentication header format",
		},
		{name: "bare token", call: roles, header: auth(auth0test.DefaultToken), status: 400, code: "Bearer"},
		{name: "two words", call: roles, header: auth("Bearer a b"), status: 400, code: "Bearer"},
		{name: "wrong token", call: roles, header: auth("Bearer a.b.c"), status: 401, message: "Invalid token"},
		{
			name: "other token configured", call: roles, opts: auth0test.Options{Token: "x.y.z"}, status: 401,
			message: "Invalid token",
		},

		{
			name: "scope of roles", call: roles, opts: withScopes("read:users"), status: 403, code: noScope,
			message: "Insufficient scope, expected any of: read:roles",
		},
		{
			name: "scope of jobs", call: export, body: `{}`, opts: withScopes("create:users"), status: 403, code: noScope,
			message: "expected any of: read:users",
		},
		{
			name: "scope of polls", call: "GET /api/v2/jobs/job_1", opts: withScopes("read:roles"), status: 403, code: noScope,
			message: "expected any of: read:users,create:users",
		},
		{
			name: "either scope of polls", call: "GET /api/v2/jobs/job_1", opts: withScopes("create:users"), status: 404,
			code: "inexistent_job",
		},
		{
			name: "scope of job errors", call: "GET /api/v2/jobs/job_1/errors", opts: withScopes(), status: 403, code: noScope,
			message: "read:users,create:users",
		},
		{
			name: "scope of users", call: "GET /api/v2/users", opts: withScopes("read:roles"), status: 403, code: noScope,
			message: "read:users",
		},
		{
			name: "scope of role members", call: "GET /api/v2/roles/x/users", opts: withScopes("read:organizations"),
			status: 403, code: noScope, message: "expected any of: read:users,read:roles,read:role_members",
		},
		{
			name: "all scopes of role members", call: members,
			opts: auth0test.Options{AllRoleScopes: true, Scopes: []string{"read:users", "read:roles"}}, status: 403,
			code: noScope, message: "read:role_members",
		},
		{
			name: "scope of organizations", call: "GET /api/v2/organizations", opts: withScopes("read:users"), status: 403,
			code: noScope, message: "read:organizations,read:organizations_summary",
		},
		{
			name: "scope of members", call: "GET /api/v2/organizations/x/members", opts: withScopes("read:users"), status: 403,
			code: noScope, message: "read:organization_members",
		},
		{
			name: "scope of member roles", call: "GET /api/v2/organizations/" + orgID + "/members?fields=user_id,roles",
			opts: withScopes("read:organization_members"), status: 403, code: noScope,
			message: "expected any of: read:organization_member_roles",
		},
		{
			name: "scope of connections", call: "GET /api/v2/connections", opts: withScopes("read:users"), status: 403,
			code: noScope, message: "read:connections",
		},
		{
			name: "plan without jobs", call: export, body: `{}`, opts: auth0test.Options{NoJobs: true}, status: 403,
			code: noScope, message: "upgrade your subscription",
		},

		{name: "unknown job", call: "GET /api/v2/jobs/job_AAAAAAAAAAAAAAAA", status: 404, code: "inexistent_job"},
		{
			name: "unknown job's errors", call: "GET /api/v2/jobs/job_AAAAAAAAAAAAAAAA/errors", status: 404,
			code: "inexistent_job",
		},
		{name: "unknown role", call: "GET /api/v2/roles/rol_x/users", status: 404, code: "inexistent_role"},
		{
			name: "unknown organization", call: "GET /api/v2/organizations/org_x/members", status: 404,
			code: "inexistent_organization",
		},

		{
			name: "plain body", call: export, body: "format=csv",
			header: []string{"Content-Type", "text/plain"}, status: 415,
		},
		{
			name: "limit in a form", call: export, body: "limit=x",
			header: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 400, code: badBody,
			message: "property limit",
		},
		{name: "no content type", call: export, body: "{}", header: []string{"Content-Type", ""}, status: 415},
		{name: "not JSON", call: export, body: `{"format":`, status: 400, code: badBody},
		{name: "two objects", call: export, body: `{}{}`, status: 400, code: badBody},
		{
			name: "array body", call: export, body: `[]`, status: 400, code: badBody,
			message: "Expected type object but found type array",
		},
		{
			name: "unknown field", call: export, body: `{"formt":"csv"}`, status: 400, code: badBody,
			message: "Payload validation error: 'Additional properties not allowed: formt'",
		},
		{
			name: "connection pattern", call: export, body: `{"connection_id":"db"}`, status: 400, code: badBody,
			message: "Payload validation error: 'String does not match pattern ^con_[A-Za-z0-9]{16}$' on property connection_id",
		},
		{name: "connection type", call: export, body: `{"connection_id":null}`, status: 400, code: badBody},
		{
			name: "no such connection", call: export, body: `{"connection_id":"con_BBBBBBBBBBBBBBBB"}`, status: 400,
			code: "inexistent_connection",
		},
		{name: "format", call: export, body: `{"format":"xlsx"}`, status: 400, code: badBody, message: "property format"},
		{name: "format type", call: export, body: `{"format":1}`, status: 400, code: badBody},
		{name: "limit 0", call: export, body: `{"limit":0}`, status: 400, code: badBody, message: "minimum 1"},
		{name: "limit text", call: export, body: `{"limit":"5"}`, status: 400, code: badBody, message: "type integer"},
		{
			name: "limit fraction", call: export, body: `{"limit":1.5}`, status: 400, code: badBody,
			message: "found type number",
		},
		{
			name: "fields nested", call: export, body: `{"fields":[[{"name":"email"}]]}`, status: 400, code: badBody,
			message: "fields[0]",
		},
		{
			name: "fields no array", call: export, body: `{"fields":{"name":"email"}}`, status: 400, code: badBody,
			message: "type array",
		},
		{
			name: "field without name", call: export, body: `{"fields":[{"export_as":"x"}]}`, status: 400, code: badBody,
			message: "Missing required property: name",
		},
		{
			name: "field with more", call: export, body: `{"fields":[{"name":"email","as":"x"}]}`, status: 400, code: badBody,
			message: "Additional properties not allowed: as",
		},
		{
			name: "field name too long", call: export, body: `{"fields":[{"name":"` + long + `"}]}`, status: 400, code: badBody,
			message: "maximum 100",
		},
		{
			name: "export_as too long", call: export, body: `{"fields":[{"name":"x","export_as":"` + long + `"}]}`, status: 400,
			code: badBody, message: "maximum 100",
		},
		{
			name: "31 fields for csv", call: export, body: `{"format":"csv","fields":` + fields31 + `}`, status: 400,
			code: badBody, message: "30 fields",
		},
		{name: "query beside a body", call: export + "?format=csv", body: `{}`, status: 400, code: badQuery},

		{
			name: "unknown parameter", call: roles + "?perpage=5", status: 400, code: badQuery,
			message: "Query validation error: 'Additional properties not allowed: perpage'",
		},
		{name: "checkpoint of roles", call: roles + "?take=5", status: 400, code: badQuery},
		{name: "parameter of a poll", call: "GET /api/v2/jobs/job_1?x=1", status: 400, code: badQuery},
		{
			name: "role type before organizations", call: roles + "?type=tenant", opts: auth0test.Options{NoRoleType: true},
			status: 400, code: badQuery,
		},
		{name: "role type", call: roles + "?type=x", status: 400, code: badQuery},
		{name: "twice", call: roles + "?page=0&page=1", status: 400, code: badQuery, message: "type array"},
		{name: "broken escape", call: roles + "?name_filter=%zz", status: 400, code: badQuery},
		{name: "page text", call: roles + "?page=one", status: 400, code: badQuery, message: "type integer"},
		{name: "page negative", call: roles + "?page=-1", status: 400, code: badQuery, message: "minimum 0"},
		{name: "per_page 0", call: roles + "?per_page=0", status: 400, code: badQuery, message: "minimum 1"},
		{
			name: "per_page 101", call: roles + "?per_page=101", status: 400, code: badQuery,
			message: "greater than maximum 100' on property per_page",
		},
		{
			name: "take 101", call: members + "?take=101", status: 400, code: badQuery,
			message: "greater than maximum 100' on property take",
		},
		{
			name: "users per_page 101", call: "GET /api/v2/users?per_page=101", status: 400, code: badQuery,
			message: "greater than maximum 100",
		},
		{name: "include_totals", call: roles + "?include_totals=1", status: 400, code: badQuery, message: "type boolean"},
		{name: "empty from", call: "GET /api/v2/organizations?from=", status: 400, code: badQuery},
		{
			name: "from made up", call: "GET /api/v2/organizations?from=MjAyMy0w", status: 400, code: badQuery,
			message: "Invalid checkpoint",
		},
		{name: "page and take", call: "GET /api/v2/organizations?page=0&take=5", status: 400, code: badQuery},
		{name: "sort", call: "GET /api/v2/organizations?sort=id:1", status: 400, code: badQuery},
		{
			name: "member fields", call: "GET /api/v2/organizations/" + orgID + "/members?fields=user_id,given_name",
			status: 400, code: badQuery,
		},
		{name: "search engine", call: "GET /api/v2/users?search_engine=v1", status: 400, code: badQuery},
		{name: "checkpoint of users", call: "GET /api/v2/users?take=5", status: 400, code: badQuery},
		{name: "search syntax", call: "GET /api/v2/users?q=(email:x+OR+email:y)", status: 400, code: badQuery},
		{name: "search for a word", call: "GET /api/v2/users?q=jane", status: 400, code: badQuery},
		{name: "search range of another field", call: "GET /api/v2/users?q=name:[a+TO+b]", status: 400, code: badQuery},
		{name: "no email", call: "GET /api/v2/users-by-email", status: 400, code: badQuery, message: "property: email"},
		{name: "email twice", call: "GET /api/v2/users-by-email?email=a&email=b", status: 400, code: badQuery},
		{name: "unknown user", call: "GET /api/v2/users/x", status: 404, code: "inexistent_user"},
		{name: "roles of an unknown user", call: "GET /api/v2/users/x/roles", status: 404, code: "inexistent_user"},
		{name: "organizations of one", call: "GET /api/v2/users/x/organizations", status: 404, code: "inexistent_user"},
		{name: "unknown single role", call: "GET /api/v2/roles/x", status: 404, code: "inexistent_role"},
		{name: "unknown organization", call: "GET /api/v2/organizations/x", status: 404, code: "inexistent_organization"},
		{
			name: "roles in an unknown organization", call: "GET /api/v2/organizations/x/members/y/roles", status: 404,
			code: "inexistent_organization",
		},
		{name: "unknown connection", call: "GET /api/v2/connections/x", status: 404, code: "inexistent_connection"},
		{
			name: "scope of one user's roles", call: "GET /api/v2/users/x/roles", opts: withScopes("read:organizations"),
			status: 403, code: noScope, message: "expected any of: read:users,read:roles,read:role_members",
		},
		{
			name: "scope of a member's roles", call: "GET /api/v2/organizations/x/members/y/roles",
			opts: withScopes("read:organization_members"), status: 403, code: noScope,
			message: "expected any of: read:organization_member_roles",
		},
		{name: "search date", call: "GET /api/v2/users?q=created_at:[x+TO+*]", status: 400, code: badQuery},

		{
			name: "offset past 1000", call: members + "?page=10&per_page=100", status: 400, code: badPaging,
			message: "Requesting page 10 exceeds the allowed maximum of 1000 records. To fetch results beyond 1000, " +
				"use the checkpoint pagination method.",
		},
		{name: "offset of roles", call: roles + "?page=20", status: 400, code: badPaging},
		{name: "offset across 1000", call: roles + "?page=33&per_page=30", status: 400, code: badPaging},
		{
			name: "offset of organizations", call: "GET /api/v2/organizations?page=999999999999999999", status: 400,
			code: badPaging,
		},
		{
			name: "search past 1000", call: "GET /api/v2/users?page=10&per_page=100", status: 400, code: badPaging,
			message: "You can only page through the first 1000 records. See " +
				"https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			method, target, _ := strings.Cut(tt.call, " ")
			a := send(auth0test.New(newTenant(3), tt.opts), method, target, tt.body, tt.header...)
			m := a.object(t)
			if a.Status != tt.status {
				t.Fatalf("%s = %d %s, want %d", tt.call, a.Status, a.Body, tt.status)
			}
			if got, _ := m["statusCode"].(float64); int(got) != tt.status {
				t.Errorf("statusCode %v, want %d", m["statusCode"], tt.status)
			}
			if m["error"] != http.StatusText(tt.status) {
				t.Errorf("error %v, want %q", m["error"], http.StatusText(tt.status))
			}
			if code, _ := m["errorCode"].(string); code != tt.code {
				t.Errorf("errorCode %q, want %q", code, tt.code)
			}
			if message, _ := m["message"].(string); !strings.Contains(message, tt.message) {
				t.Errorf("message %q, want %q in it", message, tt.message)
			}
		})
	}
}

// withScopes returns the Options of a tenant that grants only these scopes.
func withScopes(granted ...string) auth0test.Options {
	return auth0test.Options{Scopes: append([]string{}, granted...)}
}

// The service accepts each of these calls, though each is close to a refusal above.
func TestAccepted(t *testing.T) {
	t.Parallel()
	fields30 := `[` + strings.TrimSuffix(strings.Repeat(`{"name":"email"},`, 30), ",") + `]`
	fields31 := `[` + strings.TrimSuffix(strings.Repeat(`{"name":"email"},`, 31), ",") + `]`
	tests := []struct {
		name, call, body string
		opts             auth0test.Options
	}{
		{"nothing is required", "POST /api/v2/jobs/users-exports", `{}`, auth0test.Options{}},
		{
			"30 fields for csv", "POST /api/v2/jobs/users-exports", `{"format":"csv","fields":` + fields30 + `}`,
			auth0test.Options{},
		},
		{
			"31 fields for json", "POST /api/v2/jobs/users-exports", `{"format":"json","fields":` + fields31 + `}`,
			auth0test.Options{},
		},
		{
			"unknown export field", "POST /api/v2/jobs/users-exports", `{"format":"csv","fields":[{"name":"last_name"}]}`,
			auth0test.Options{},
		},
		{"page that ends at 1000", "GET /api/v2/roles?page=9&per_page=100", "", auth0test.Options{}},
		{"the cap counts what is granted", "GET /api/v2/roles?page=10&per_page=100", "", auth0test.Options{PageMax: 50}},
		{
			"totals beside take", "GET /api/v2/roles/" + roleID + "/users?take=2&include_totals=true&per_page=50", "",
			auth0test.Options{},
		},
		{"any scope of role members", "GET /api/v2/roles/" + roleID + "/users", "", withScopes("read:role_members")},
		{"all scopes of role members", "GET /api/v2/roles/" + roleID + "/users", "", auth0test.Options{AllRoleScopes: true}},
		{"summary scope", "GET /api/v2/organizations", "", withScopes("read:organizations_summary")},
		{
			"members without roles", "GET /api/v2/organizations/" + orgID + "/members", "",
			withScopes("read:organization_members"),
		},
		{"escaped id", "GET /api/v2/roles/%72ol_AAAAAAAAAAAAAAAA/users", "", auth0test.Options{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			method, target, _ := strings.Cut(tt.call, " ")
			if a := send(auth0test.New(newTenant(3), tt.opts), method, target, tt.body); a.Status != http.StatusOK {
				t.Errorf("%s = %d %s, want 200", tt.call, a.Status, a.Body)
			}
		})
	}
}
