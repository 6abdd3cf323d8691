package permitload

import (
	"errors"
	"io/fs"
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

// --undo writes lines that bring back what a run takes away. A dry run writes none.
func TestUndoFileRestoresWhatWasTaken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, input string
		args        []string
		plan, says  string
	}{
		{
			"roles", roleLines + orgTenantLine + annAsViewer,
			[]string{"--roles", "replace"},
			"role assignments: 2 to take away from 1 user", "2 role assignments taken away",
		},
		{
			"users", annWithoutRoles + lines(`{"type":"user","key":"zoe"}`),
			[]string{"remove"},
			"users: 1 to delete, with 4 role assignments; 1 not in Permit",
			"users: 1 deleted, 1 not in Permit",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			have := threeUsers("ann admin default", "ann viewer default", "ann admin org", "ann byhand default")
			have.Users[0].FirstName, have.Users[0].Attributes = "Ann", map[string]any{"plan": "pro"}
			srv.SeedAt(time.Now().Add(-time.Hour), have)
			before := srv.State()
			file := filepath.Join(t.TempDir(), "undo.jsonl")
			args := append(tt.args, "--yes", "--remove-limit", "100", "--undo", file)
			input := tt.input + endLineAt(time.Now())

			wantExit(t, run(t, srv, input, append(args, "--dry-run")...), tool.Done, tt.plan, "nothing was written")
			if n := countWrites(srv); n > 0 {
				t.Fatalf("%d writes of a dry run", n)
			}
			if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("after a dry run: %v", err)
			}
			wantExit(t, run(t, srv, input, args...), tool.Done, tt.plan, tt.says)
			if cmp.Equal(before, srv.State()) {
				t.Fatal("nothing went")
			}
			undo := readFile(t, file)
			wantExit(t, run(t, srv, undo, "--require-end"), tool.Done)
			wantState(t, srv, before)
		})
	}
}

// The undo file is written before anything is taken away, so it helps if the run stops
// midway.
func TestUndoFileIsWrittenFirst(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"DELETE F/role_assignments/bulk", "DELETE F/bulk/users"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{Faults: faultOn(call, httpapitest.Fault{Status: 401}, 1)})
			srv.Seed(threeUsers("ann admin default", "bob viewer org"))
			before := srv.State()
			file := filepath.Join(t.TempDir(), "undo.jsonl")
			input := annWithoutRoles + lines(`{"type":"user","key":"bob"}`) + endLine
			got := run(t, srv, input, "remove", "--yes", "--remove-limit", "100", "--undo", file)
			wantExit(t, got, tool.Stopped)
			undo := readFile(t, file)
			fresh := permittest.New(permittest.Options{})
			fresh.Seed(srv.State())
			wantExit(t, run(t, fresh, undo), tool.Done)
			wantState(t, fresh, before)
			// The rejected lines are what is left to do.
			if call == "DELETE F/bulk/users" {
				wantRejected(t, got, "ann not_reached", "bob not_reached")
			}
		})
	}
}

// A run that deletes users renames the undo file of an earlier run. One that deletes
// nobody leaves it.
func TestEarlierUndoFileIsKept(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(threeUsers("ann admin default", "bob viewer org"))
	before := srv.State()
	file := filepath.Join(t.TempDir(), "undo.jsonl")
	input := annWithoutRoles + lines(`{"type":"user","key":"bob"}`) + endLine
	args := []string{"remove", "--yes", "--remove-limit", "100", "--undo", file}
	wantExit(t, run(t, srv, input, args...), tool.Done)
	wantExit(t, run(t, srv, input, args...), tool.Done, "--undo: what was in "+file+" is now in "+file+".1")
	wantExit(t, run(t, srv, input, args...), tool.Done)
	files, err := filepath.Glob(file + "*")
	if err != nil || !slices.Equal(files, []string{file, file + ".1"}) {
		t.Errorf("%q, %v", files, err)
	}
	wantExit(t, run(t, srv, readFile(t, file+".1")), tool.Done)
	wantState(t, srv, before)
}
