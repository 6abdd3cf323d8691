//go:build unix

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

// After a load is killed at any moment, the next one completes it: the state is exact,
// and a third load writes nothing.
func TestKilled(t *testing.T) {
	t.Parallel()
	records, want := recordsOf(500)
	file := filepath.Join(t.TempDir(), "records.jsonl")
	if err := os.WriteFile(file, []byte(records), 0o600); err != nil {
		t.Fatal(err)
	}
	seeds := 6
	if *full {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			at, before := int64(4+r.IntN(45)), r.IntN(2) == 0 // of some 50 calls
			var calls, writes atomic.Int64
			reached, killed := make(chan struct{}), make(chan struct{})
			srv := permittest.New(permittest.Options{
				Caps: permittest.Caps{Users: 40, Assignments: 40}, Oversize: http.StatusRequestEntityTooLarge,
				PutAssignments: permittest.Clear, Unlimited: true,
				Faults: func(r *http.Request) httpapitest.Fault {
					if r.Method != http.MethodGet {
						writes.Add(1)
					}
					if calls.Add(1) == at {
						close(reached)
						<-killed
						if before {
							return httpapitest.Fault{Cut: true}
						}
					}
					return httpapitest.Fault{}
				},
			})
			address, stop := srv.Start()
			defer stop()
			newLoad := func() *exec.Cmd { return permitloadAt(t, address, append(noWaits, file)...) }
			load := newLoad()
			if err := load.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				_ = load.Wait() // killed or not, the state of Permit counts
				close(ended)
			}()
			select {
			case <-reached:
				_ = load.Process.Kill() // it may have ended already
				close(killed)
				<-ended
			case <-ended:
				t.Logf("it took less than %d calls", at)
				calls.Store(at)
			}
			for range 2 {
				writes.Store(0)
				if out, err := newLoad().CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				if diff := cmp.Diff(want, srv.State()); diff != "" {
					t.Fatalf("(-want +got):\n%.2000s", diff)
				}
			}
			if n := writes.Load(); n > 0 {
				t.Errorf("the third load made %d writes", n)
			}
		})
	}
}

// A load that is killed between a PUT that clears roles and their return has kept them in
// a file and named it. Loading that file gives them back and changes nothing else. The
// file of --undo also undoes the changes.
func TestKilledBeforeRolesAreBack(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		t.Run(fmt.Sprint("--undo ", named), func(t *testing.T) {
			t.Parallel()
			killBeforeRolesAreBack(t, named)
		})
	}
}

func killBeforeRolesAreBack(t *testing.T, named bool) {
	t.Helper()
	records, want := recordsOf(100)
	file := filepath.Join(t.TempDir(), "records.jsonl")
	if err := os.WriteFile(file, []byte(records), 0o600); err != nil {
		t.Fatal(err)
	}
	var put, met atomic.Bool
	cleared, killed := make(chan struct{}), make(chan struct{})
	srv := permittest.New(permittest.Options{
		PutAssignments: permittest.Clear, Unlimited: true,
		Faults: func(r *http.Request) httpapitest.Fault {
			if put.Load() && !met.Swap(true) {
				close(cleared)
				<-killed
			} else if strings.HasSuffix(r.URL.Path, "/bulk/users") {
				put.Store(true)
			}
			return httpapitest.Fault{}
		},
	})
	have := permittest.State{Roles: []permittest.Role{{Key: "by-hand", Name: "By hand"}}}
	for _, u := range want.Users {
		u = permittest.User{Key: u.Key, LastName: "Lee", Attributes: map[string]any{"plan": "pro"}}
		have.Users = append(have.Users, u)
		byHand := permittest.Assignment{User: u.Key, Role: "by-hand", Tenant: "default", ResourceInstance: "doc:" + u.Key[6:]}
		have.Assignments = append(have.Assignments, byHand)
	}
	srv.Seed(have)
	before := srv.State()
	address, stop := srv.Start()
	defer stop()

	noWaits := append([]string{"--yes"}, noWaits...) // all users change
	args, undo := noWaits, filepath.Join(t.TempDir(), "undo.jsonl")
	if named {
		args = append(slices.Clone(noWaits), "--undo", undo)
	}
	load := permitloadAt(t, address, append(slices.Clone(args), file)...)
	var errs strings.Builder
	load.Stderr = &errs
	if err := load.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = load.Wait() // it was killed, or nothing was cleared
		close(ended)
	}()
	select {
	case <-cleared:
		_ = load.Process.Kill()
		close(killed)
		<-ended
	case <-ended:
		t.Fatalf("it ended before the roles were cleared: %s", errs.String())
	}
	after := srv.State()
	if len(after.Assignments) > 0 {
		t.Fatalf("%d assignments are left: nothing was cleared", len(after.Assignments))
	}
	if !named {
		_, undo, _ = strings.Cut(errs.String(), "until the run has ended, ")
		undo, _, _ = strings.Cut(undo, " can restore them\n")
	}
	if out, err := permitloadAt(t, address, append(noWaits, undo)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s%s", err, errs.String(), out)
	}
	want.Assignments, after.Assignments = append(want.Assignments, have.Assignments...), have.Assignments
	restored := after
	if named {
		restored.Users = before.Users
	}
	if diff := cmp.Diff(restored, srv.State()); diff != "" {
		t.Fatalf("after the undo file (-want +got):\n%.2000s", diff)
	}
	// The next load completes what was begun.
	if out, err := permitloadAt(t, address, append(noWaits, file)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := srv.State()
	if diff := cmp.Diff(after.Users, got.Users); diff != "" {
		t.Errorf("users (-want +got):\n%.2000s", diff)
	}
	for _, a := range want.Assignments {
		if !slices.Contains(got.Assignments, a) {
			t.Errorf("%v is not there", a)
		}
	}
}
