package auth0_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0"
	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi"
	"a0permit/internal/httpapi/httpapitest"
)

// Each page of 100 or 50 permissions takes one call, and so does an empty list.
func TestRolePermissionsToTheirTotal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ permissions, pageMax, calls int }{
		{0, 100, 1}, {1, 100, 1}, {100, 100, 1}, {101, 100, 2}, {1000, 100, 10}, {1000, 50, 20},
	} {
		role := auth0test.Role{ID: roleID}
		var want []auth0.Permission
		for i := range tt.permissions {
			name := fmt.Sprintf("do:%d", i)
			role.Permissions = append(role.Permissions, auth0test.Permission{API: "urn:a", Name: name})
			want = append(want, auth0.Permission{API: "urn:a", Name: name})
		}
		s := auth0test.New(auth0test.Tenant{Roles: []auth0test.Role{role}}, auth0test.Options{PageMax: tt.pageMax})
		got, err := newClient(s).RolePermissions(t.Context(), roleID)
		if err != nil || !slices.Equal(got, want) || len(s.Calls()) != tt.calls {
			t.Errorf("%+v: got %d by %d calls, %v", tt, len(got), len(s.Calls()), err)
		}
	}
}

func TestAPIs(t *testing.T) {
	t.Parallel()
	s := auth0test.New(auth0test.Tenant{APIs: []auth0test.API{
		{
			ID: "1", Name: "Billing", Identifier: "https://billing.acme.example", RBAC: true, SigningSecret: "sesame",
			Scopes: []auth0test.Scope{{Value: "read: \"x\"", Description: "Reads"}},
		},
		{ID: "2", Identifier: "https://acme.eu.auth0.com/api/v2/", IsSystem: true},
	}}, auth0test.Options{})
	got, err := newClient(s).APIs(t.Context())
	want := []auth0.API{
		{
			ID: "1", Name: "Billing", Identifier: "https://billing.acme.example", RBAC: true,
			Scopes: []auth0.Scope{{Value: "read: \"x\"", Description: "Reads"}},
		},
		{ID: "2", Identifier: "https://acme.eu.auth0.com/api/v2/", IsSystem: true},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if err := newClient(s).TryAPIs(t.Context()); err != nil {
		t.Error(err)
	}
	for _, call := range s.Calls() {
		fields := call.Query.Get("fields")
		if fields == "" || strings.Contains(fields, "secret") || call.Query.Get("include_fields") != "true" {
			t.Errorf("asked for the fields %q", fields)
		}
	}
}

// An API's signing secret never reaches a log or an error, not even if Auth0 sends it
// unasked, in an answer of the wrong type or in a refusal.
func TestSigningSecretIsNotShown(t *testing.T) {
	t.Parallel()
	const secret = "sesame"
	body := fmt.Sprintf(`{"resource_servers":[{"id":"1","signing_secret":%q,"scopes":%q}],"total":1}`, secret, secret)
	tenant := auth0test.Tenant{APIs: []auth0test.API{{ID: "1", Identifier: "urn:a", SigningSecret: secret}}}
	for name, h := range map[string]http.Handler{
		"all fields": auth0test.New(tenant, auth0test.Options{Flaws: auth0test.Always(auth0test.AllFields)}),
		"no JSON": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = w.Write([]byte(body))
		}),
		"another shape": answerInTurn(body),
		"a bare list":   answerInTurn("[" + body + "]"),
		"a refusal": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte("[" + body + "]"))
		}),
	} {
		var log bytes.Buffer
		client := auth0.New(httpapi.Config{
			Base: &url.URL{Scheme: "https", Host: "acme.example"}, Token: auth0test.DefaultToken,
			Transport: httpapitest.Transport{Handler: h},
			Log:       slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		apis, err := client.APIs(t.Context())
		if (err == nil) != (name == "all fields") {
			t.Errorf("%s: %v", name, err)
		}
		if shown := fmt.Sprintf("%+v %v %s", apis, err, &log); strings.Contains(shown, secret) {
			t.Errorf("%s: the secret is in %s", name, shown)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Tenant{
		Roles: []auth0test.Role{{ID: roleID}, {ID: "rol_2"}},
		Groups: []auth0test.Group{
			{ID: "grp_1", Name: "Payers", Roles: []string{roleID}},
			{ID: "grp_2", Name: "Others", Roles: []string{"rol_2", roleID}},
			{ID: "grp_3", Members: []auth0test.GroupMember{{ID: "auth0|x"}, {ID: "grp_1", IsGroup: true}}},
		},
	}
	s := auth0test.New(tenant, auth0test.Options{PageMax: 1})
	client := newClient(s)
	groups, err := collect(client.RoleGroups(t.Context(), roleID))
	want := []auth0.Group{{ID: "grp_1", Name: "Payers"}, {ID: "grp_2", Name: "Others"}}
	if diff := cmp.Diff(want, groups); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	members, err := collect(client.GroupMembers(t.Context(), "grp_3"))
	wantMembers := []auth0.GroupMember{{ID: "auth0|x", Type: "user"}, {ID: "grp_1", Type: "group"}}
	if diff := cmp.Diff(wantMembers, members); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	before := len(s.Calls())
	if g, err := client.FirstGroup(t.Context()); err != nil || g.ID != "grp_1" || len(s.Calls()) != before+1 {
		t.Errorf("the first group %+v, %v", g, err)
	}
	none := newClient(auth0test.New(auth0test.Tenant{}, auth0test.Options{}))
	if g, err := none.FirstGroup(t.Context()); err != nil || g.ID != "" {
		t.Errorf("the first of no groups is %+v, %v", g, err)
	}
}
