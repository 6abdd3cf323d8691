package a0tojsonl_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	const in = "user_id,organizations\n" + `1,"[{""id"":""o""},{""id"":""p""}]"` + "\n"
	got := runOn(t, in, "--role-map", writeFile(t, "auth0_role,permit_role\nA,a\nB,b\n"))
	want := `a0tojsonl: warning: 2 organization memberships without a role left out: Permit has no membership without one
a0tojsonl: warning: --role-map: 2 lines for no role of the input, the first for "A"
`
	if diff := cmp.Diff(want, got.messages()); diff != "" || got.code != tool.Done {
		t.Errorf("exit %d, stderr (-want +got):\n%s", got.code, diff)
	}
}
