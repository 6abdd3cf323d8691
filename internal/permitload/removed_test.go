package permitload

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// A dry run says what would go; --removed is what brings it back.
func TestRemovedFileRestores(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, input string
		args        []string
		plan, says  string
	}{
		{"roles", roleLines + orgTenantLine + annAsViewer, []string{"--roles", "replace"}, "- 2 role assignments of 1 user", "2 role assignments taken away"},
		{"users", annWithoutRoles + `{"type":"user","key":"zoe"}` + "\n", []string{"remove"}, "- 1 user with 4 role assignments  (1 of the input are not in Permit)", "users: 2 in = 1 deleted + 1 unchanged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			have := threeUsers("ann admin default", "ann viewer default", "ann admin org", "ann byhand default")
			have.Users[0].FirstName, have.Users[0].Attributes = "Ann", map[string]any{"plan": "pro"}
			srv.SeedAt(time.Now().Add(-time.Hour), have)
			before := srv.State()
			path := filepath.Join(t.TempDir(), "removed.jsonl")
			args := append(tt.args, "--yes", "--remove-limit", "100", "--removed", path)
			input := tt.input + endLineAt(time.Now())

			wantExit(t, run(t, srv, input, append(args, "--dry-run")...), tool.Done, tt.plan, "nothing was written")
			if n := countWrites(srv); n > 0 {
				t.Fatalf("%d writes of a dry run", n)
			}
			wantExit(t, run(t, srv, input, args...), tool.Done, tt.plan, tt.says)
			if cmp.Equal(before, srv.State()) {
				t.Fatal("nothing went")
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			wantExit(t, run(t, srv, string(text), "--require-end"), tool.Done)
			wantState(t, srv, before)
		})
	}
}

// A load that stops midway has written down what it took away before it did.
func TestRemovedFileIsWrittenFirst(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"DELETE F/role_assignments/bulk", "DELETE F/bulk/users"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{Faults: faultOn(call, httpapitest.Fault{Status: 401}, 1)})
			srv.Seed(threeUsers("ann admin default", "bob viewer org"))
			before := srv.State()
			path := filepath.Join(t.TempDir(), "removed.jsonl")
			input := annWithoutRoles + `{"type":"user","key":"bob"}` + "\n" + endLine
			got := run(t, srv, input, "remove", "--yes", "--remove-limit", "100", "--removed", path)
			wantExit(t, got, tool.Stopped)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			srv2 := permittest.New(permittest.Options{})
			srv2.Seed(srv.State())
			wantExit(t, run(t, srv2, string(text)), tool.Done)
			wantState(t, srv2, before)
			// What comes out is what is still to do.
			if call == "DELETE F/bulk/users" {
				if diff := cmp.Diff([]string{"ann not_reached", "bob not_reached"}, rejectedCodes(t, got.out)); diff != "" {
					t.Errorf("stdout (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// What an earlier run has written down is not lost to a later one.
func TestEarlierRemovedFileIsKept(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	have := threeUsers("ann admin default", "bob viewer org")
	srv.Seed(have)
	before := srv.State()
	path := filepath.Join(t.TempDir(), "removed.jsonl")
	input := annWithoutRoles + `{"type":"user","key":"bob"}` + "\n" + endLine
	args := []string{"remove", "--yes", "--remove-limit", "100", "--removed", path}
	wantExit(t, run(t, srv, input, args...), tool.Done)
	wantExit(t, run(t, srv, input, args...), tool.Done, "--removed: what was in "+path+" is now in "+path+".1")
	wantExit(t, run(t, srv, input, args...), tool.Done)
	files, err := filepath.Glob(path + "*")
	if err != nil || !slices.Equal(files, []string{path, path + ".1"}) {
		t.Errorf("%q, %v", files, err)
	}
	text, err := os.ReadFile(path + ".1")
	if err != nil {
		t.Fatal(err)
	}
	wantExit(t, run(t, srv, string(text)), tool.Done)
	wantState(t, srv, before)
}
