package a0tojsonl_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

func TestUserKey(t *testing.T) {
	t.Parallel()
	const in = `user_id,username,email,provider
auth0|1,jane,jane@acme.com,db
auth0|2,,x@acme.com,db
,john,y@acme.com,db
auth0|4,a b,z@acme.com,db
`
	got := runOn(t, in, "--user-key", "username")
	const withID = `,"email":"jane@acme.com","attributes":{"auth0_user_id":"auth0|1","provider":"db"}}`
	if want := `{"type":"user","key":"jane"` + withID; got.firstUser() != want {
		t.Errorf("%s, want %s", got.firstUser(), want)
	}
	for _, want := range []string{
		`row 3, line 3, column "username": the key is missing`,
		`row 4, line 4, column "user_id": the key is missing`,
		`row 5, line 5, column "username": user key: Permit allows only`,
	} {
		if !strings.Contains(got.err, want) {
			t.Errorf("stderr lacks %q:\n%s", want, got.err)
		}
	}
	for key, want := range map[string]string{
		"Email":   `{"type":"user","key":"jane@acme.com"` + withID,
		"user_id": `{"type":"user","key":"auth0|1","email":"jane@acme.com","attributes":{"provider":"db"}}`,
	} {
		if got := runOn(t, in, "--user-key", key); got.firstUser() != want {
			t.Errorf("--user-key %s: %s, want %s", key, got.firstUser(), want)
		}
	}
	got = runOn(t, in, "--user-key", "username", "--attributes", "all")
	if strings.Contains(got.firstUser(), `"username"`) {
		t.Errorf("the key is an attribute too: %s", got.firstUser())
	}
}

func TestTenantKeyAndMemberRole(t *testing.T) {
	t.Parallel()
	const in = "organization_id,name,display_name\norg_1,acme,Acme Inc\norg_3,a b,\n" +
		"user_id,organizations\n" +
		`1,"[{""id"":""org_1"",""name"":""acme"",""display_name"":""Acme Inc"",""roles"":[""A""]},` +
		`{""id"":""org_2"",""name"":""globex"",""roles"":[]}]"` + "\n" +
		`2,"[{""id"":""org_9"",""roles"":[""A""]}]"` + "\n"
	got := runOn(t, in, "--tenant-key", "name", "--member-role", "Org Member")
	want := `{"type":"tenant","key":"acme","name":"Acme Inc","attributes":{"auth0_organization_id":"org_1"}}
{"type":"role","key":"A","name":"A"}
{"type":"role","key":"org-member","name":"Org Member"}
{"type":"tenant","key":"globex","name":"globex","attributes":{"auth0_organization_id":"org_2"}}
{"type":"user","key":"1","role_assignments":[{"role":"A","tenant":"acme"},{"role":"org-member","tenant":"globex"}]}
{"type":"end","complete":true,"users":1,"roles":2,"tenants":2,"rejected":2}
`
	if diff := cmp.Diff(want, got.out); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	for _, want := range []string{
		`row 3, line 3, column "name": tenant key: Permit allows only`,
		`row 6, line 6, column "organizations": name: the key is missing`,
		"warning: --tenant-key name: when an organization is renamed in Auth0",
	} {
		if !strings.Contains(got.err, want) {
			t.Errorf("stderr lacks %q:\n%s", want, got.err)
		}
	}
	if strings.Contains(got.err, "without a role") {
		t.Errorf("members have a role: %s", got.err)
	}
	got = runOn(t, "organization_id,name\norg_1,acme\norg_2,acme\n", "--tenant-key", "name")
	clash := `row 3, line 3: organizations "org_1" and "org_2" have the same name, "acme"`
	if got.code != tool.Stopped || !strings.Contains(got.err, clash) {
		t.Errorf("two organizations with the same name: exit %d, %s", got.code, got.err)
	}
}
