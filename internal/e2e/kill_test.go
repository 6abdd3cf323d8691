//go:build unix

package e2e_test

import (
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

// A load that is killed at any moment is made good by the next one: the state is
// exact then, and a third load writes nothing.
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
				_ = load.Wait() // killed or not, what counts is Permit's state
				close(ended)
			}()
			select {
			case <-reached:
				_ = load.Process.Kill() // it may be at its end
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
