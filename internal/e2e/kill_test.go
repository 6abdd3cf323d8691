//go:build unix

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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
	records, want := crowd(500)
	file := filepath.Join(t.TempDir(), "records.jsonl")
	if err := os.WriteFile(file, []byte(records), 0o600); err != nil {
		t.Fatal(err)
	}
	for seed := range 20 {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			at, before := int64(4+r.IntN(45)), r.IntN(2) == 0 // of some 50 calls
			var calls, writes atomic.Int64
			reached, killed := make(chan struct{}), make(chan struct{})
			srv := permittest.New(permittest.Options{
				Caps: permittest.Caps{Users: 40, Assignments: 40}, Oversize: http.StatusRequestEntityTooLarge, PutAssignments: permittest.Clear,
				Unlimited: true,
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
			url, stop := srv.Start()
			defer stop()
			command := func() *exec.Cmd {
				cmd := exec.CommandContext(t.Context(), "permitload", "--api-url", url, "--create-missing", "yes", "--rate", "bulk=1000/1s", "--rate", "write=1000/1s", "--rate", "all=1000/1s", file)
				cmd.Env = append(os.Environ(), "PERMIT_API_KEY="+permittest.DefaultKey)
				return cmd
			}
			load := command()
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
				if out, err := command().CombinedOutput(); err != nil {
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

// crowd is so many users who hold one or two of three roles, as records and as
// what Permit is to hold.
func crowd(n int) (records string, want permittest.State) {
	var b strings.Builder
	want.Tenants = []permittest.Tenant{{Key: "default", Name: "Default Tenant"}}
	roles := []string{"Admin", "Editor", "Viewer"}
	for _, r := range roles {
		want.Roles = append(want.Roles, permittest.Role{Key: r, Name: r})
	}
	for i := range n {
		u := permittest.User{Key: fmt.Sprintf("auth0|%06d", i), Email: fmt.Sprintf("u%d@acme.example", i)}
		want.Users = append(want.Users, u)
		held := roles[i%2 : 1+i%3]
		if len(held) == 0 {
			held = roles[2:]
		}
		var list []string
		for _, r := range held {
			want.Assignments = append(want.Assignments, permittest.Assignment{User: u.Key, Role: r, Tenant: "default"})
			list = append(list, fmt.Sprintf(`{"role":%q}`, r))
		}
		fmt.Fprintf(&b, `{"type":"user","key":%q,"email":%q,"role_assignments":[%s]}`+"\n", u.Key, u.Email, strings.Join(list, ","))
	}
	b.WriteString(`{"type":"end","complete":true}` + "\n")
	return b.String(), want
}
