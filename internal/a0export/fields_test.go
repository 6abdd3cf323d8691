package a0export

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
)

// manyFields returns n --field flags.
func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" --field f" + strings.Repeat("0", i+1))
	}
	return b.String()
}

// Thirty columns are allowed, and the export has them under their names.
func TestFields(t *testing.T) {
	t.Parallel()
	tenant := small()
	tenant.Users[0].UserMetadata = map[string]any{"a": map[string]any{"b": "deep, \"er\""}}
	tenant.Users[0].LoginsCount = 7
	args := append(strings.Fields(manyFields(22)), "--no-roles", "--field", "user_metadata.a.b=x,y",
		"--field", "logins_count", "--field", "user_metadata.a.b")
	for _, source := range []string{"job", "search"} {
		r := run(t, auth0test.New(tenant, auth0test.Options{}), append(slices.Clip(args), "--source", source)...)
		r.expect(t, 0)
		rows := parseCSV(t, r.csv(t))
		if n := len(rows[0]); n != 30 {
			t.Errorf("%d columns", n)
		}
		if diff := cmp.Diff([]string{"x,y", "logins_count", "user_metadata.a.b"}, rows[0][27:]); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"'deep, \"er\"", "7", "'deep, \"er\""}, rows[1][27:]); diff != "" {
			t.Errorf("cells (-want +got):\n%s", diff)
		}
	}
}
