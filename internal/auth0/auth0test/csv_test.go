package auth0test_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"a0permit/internal/auth0/auth0test"
)

func TestCSVNames(t *testing.T) {
	t.Parallel()
	tests := []struct{ value, escaped, plain string }{
		{"Jane", `"'Jane"`, `Jane`},
		{"O'Neil", `"'O'Neil"`, `O'Neil`},
		{"'t Hooft", `"''t Hooft"`, `'t Hooft`},
		{`The "Rock"`, `"'The ""Rock"""`, `"The ""Rock"""`},
		{"Davis, Jr.", `"'Davis, Jr."`, `"Davis, Jr."`},
		{"Mary\nAnn", "\"'Mary\nAnn\"", "\"Mary\nAnn\""},
		{"=1+1", `"'=1+1"`, `=1+1`},
		{" Müller 山田 🦊 محمد ", `"' Müller 山田 🦊 محمد "`, ` Müller 山田 🦊 محمد `},
		{"2024-05-25T00:00:00.000Z", `"'2024-05-25T00:00:00.000Z"`, `2024-05-25T00:00:00.000Z`}, // not a date that Auth0 set
		{"true", `"'true"`, `true`},
		{"", ``, ``},
	}
	for _, tt := range tests {
		for plain, want := range map[bool]string{false: tt.escaped, true: tt.plain} {
			t.Run(fmt.Sprintf("%q plain=%v", tt.value, plain), func(t *testing.T) {
				t.Parallel()
				tenant := auth0test.Tenant{Users: []auth0test.User{{ID: "auth0|1", GivenName: tt.value}}}
				s := auth0test.New(tenant, auth0test.Options{Plain: plain})
				got := exportFile(t, s, `{"format":"csv","fields":[{"name":"given_name"},{"name":"blocked"}]}`)
				if want := "given_name,blocked\n" + want + ",\n"; got != want {
					t.Errorf("file = %q, want %q", got, want)
				}
			})
		}
	}
}

// richTenant returns a tenant with two users: one has every kind of value, the other
// none.
func richTenant() auth0test.Tenant {
	return auth0test.Tenant{
		Connections: []auth0test.Connection{{ID: conID, Name: "db"}},
		Users: []auth0test.User{
			{
				ID: "samlp|acme|a@b.example", Email: "a@b.example", EmailVerified: true, FamilyName: "Doe", Connection: "acme",
				Blocked: true, LoginsCount: 7, CreatedAt: time.Date(2020, 1, 2, 3, 4, 5, 678_999_999, time.FixedZone("", 3600)),
				Linked:       []auth0test.Identity{{Provider: "auth0", Connection: "db", UserID: "x"}},
				UserMetadata: map[string]any{"consent": map[string]any{"date": "2024-05-25"}, "tags": []string{"a", "b"}},
				AppMetadata:  map[string]any{"n": 12345678901234567, "f": 0.5, "ok": false, "nil": nil, "s": ""},
			},
			{ID: "sms|1", Connection: "sms"},
		},
	}
}

func TestExportCells(t *testing.T) {
	t.Parallel()
	tests := []struct{ field, csv, json string }{ // of the first user
		{"user_id", `"'samlp|acme|a@b.example"`, `"samlp|acme|a@b.example"`},
		{"email_verified", `true`, `true`},
		{"blocked", `true`, `true`},
		{"logins_count", `7`, `7`},
		{"created_at", `2020-01-02T02:04:05.678Z`, `"2020-01-02T02:04:05.678Z"`},
		{"updated_at", ``, ``},
		{"last_name", ``, ``},
		{"nickname", ``, ``},
		{
			"identities", ``,
			`[{"connection":"acme","isSocial":false,"provider":"samlp","user_id":"acme|a@b.example"},` +
				`{"connection":"db","isSocial":false,"provider":"auth0","user_id":"x"}]`,
		},
		{"identities[0].connection", `"'acme"`, `"acme"`},
		{"identities[1].connection", `"'db"`, `"db"`},
		{"identities[0].isSocial", `false`, `false`},
		{"identities[2].connection", ``, ``},
		{"identities[x].connection", ``, ``},
		{"user_metadata", ``, `{"consent":{"date":"2024-05-25"},"tags":["a","b"]}`},
		{"user_metadata.consent", ``, `{"date":"2024-05-25"}`},
		{"user_metadata.consent.date", `"'2024-05-25"`, `"2024-05-25"`},
		{"user_metadata.tags[1]", `"'b"`, `"b"`},
		{"user_metadata.none.at.all", ``, ``},
		{"app_metadata.n", `12345678901234567`, `12345678901234567`},
		{"app_metadata.f", `0.5`, `0.5`},
		{"app_metadata.ok", `false`, `false`},
		{"app_metadata.nil", ``, ``},
		{"app_metadata.s", `"'"`, `""`},
	}
	s := auth0test.New(richTenant(), auth0test.Options{})
	for _, tt := range tests {
		t.Run(tt.field, func(t *testing.T) {
			t.Parallel()
			fields := `"fields":[{"name":"` + tt.field + `"},{"name":"email","export_as":"E, mail"}]}`
			got := exportFile(t, s, `{"format":"csv",`+fields)
			if want := tt.field + ",\"E, mail\"\n" + tt.csv + ",\"'a@b.example\"\n"; !strings.HasPrefix(got, want) {
				t.Errorf("csv = %q, want it to begin with %q", got, want)
			}
			got, _, _ = strings.Cut(exportFile(t, s, `{"format":"json",`+fields), "\n")
			want := `"E, mail":"a@b.example"}`
			if tt.json != "" {
				want = `"` + tt.field + `":` + tt.json + `,` + want
			}
			if got != "{"+want {
				t.Errorf("json = %s, want {%s", got, want)
			}
		})
	}
}

func TestExportWhole(t *testing.T) {
	t.Parallel()
	const one = "user_id,email\nsamlp|acme|a@b.example,a@b.example\n"
	tests := []struct {
		name, body string
		opts       auth0test.Options
		want       string
	}{
		{
			name: "csv", body: `"format":"csv"`,
			want: "user_id,email\n\"'samlp|acme|a@b.example\",\"'a@b.example\"\n\"'sms|1\",\n",
		},
		{
			name: "crlf", body: `"format":"csv"`, opts: auth0test.Options{CRLF: true},
			want: "user_id,email\r\n\"'samlp|acme|a@b.example\",\"'a@b.example\"\r\n\"'sms|1\",\r\n",
		},
		{
			name: "bom", body: `"format":"csv"`, opts: auth0test.Options{BOM: true, Plain: true},
			want: "\ufeffuser_id,email\nsamlp|acme|a@b.example,a@b.example\nsms|1,\n",
		},
		{
			name: "json", body: `"format":"json"`, opts: auth0test.Options{BOM: true, CRLF: true},
			want: "{\"user_id\":\"samlp|acme|a@b.example\",\"email\":\"a@b.example\"}\n{\"user_id\":\"sms|1\"}\n",
		},
		{name: "limit", body: `"format":"csv","limit":1`, opts: auth0test.Options{Plain: true}, want: one},
		{
			name: "connection, linked too", body: `"format":"csv","connection_id":"` + conID + `"`,
			opts: auth0test.Options{Plain: true}, want: one,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := `{` + tt.body + `,"fields":[{"name":"user_id"},{"name":"email"}]}`
			for range 2 {
				if got := exportFile(t, auth0test.New(richTenant(), tt.opts), body); got != tt.want {
					t.Errorf("file = %q, want %q", got, tt.want)
				}
			}
		})
	}
}
