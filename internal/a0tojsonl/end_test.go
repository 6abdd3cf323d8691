package a0tojsonl_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	const in = "user_id,organizations\n" + `auth0|1,"[{""id"":""o""},{""id"":""p""}]"` + "\n"
	got := runOn(t, in, "--role-map", writeFile(t, "auth0_role,permit_role\nA,a\nB,b\n"))
	want := `a0tojsonl: warning: 2 organization memberships without a role left out: in Permit a member needs a role
a0tojsonl: warning: --role-map: 2 lines for no role in the input, the first for "A"
`
	if diff := cmp.Diff(want, got.messages()); diff != "" || got.code != tool.Done {
		t.Errorf("exit %d, stderr (-want +got):\n%s", got.code, diff)
	}
}

// Ids of identities give one warning, with a hint on how to get the users' own ids.
func TestBareIDs(t *testing.T) {
	t.Parallel()
	const in = `"email","provider","user_id","connection"
"'ann@acme.example","'auth0","'0a1b2c3d4e5f60718293a4b5","'Username-Password-Authentication"
"'bob@acme.example","'google-oauth2","'104218000000000000001","'google-oauth2"
"'cy@acme.example","'samlp","'acme-saml|cy@acme.example","'acme-saml"
`
	got := runOn(t, in)
	want := `a0tojsonl: warning: 2 user ids without a provider such as auth0|: the sub of a token will never match
a0tojsonl: hint: export the field user_id, not identities[0].user_id; a0export does that
`
	if diff := cmp.Diff(want, got.messages()); diff != "" || got.code != tool.Done || got.end(t).Users != 3 {
		t.Errorf("exit %d, stderr (-want +got):\n%s", got.code, diff)
	}
	if got := runOn(t, in, "--user-key", "email"); got.messages() != "" {
		t.Errorf("with keys that are no ids: %s", got.err)
	}
}
