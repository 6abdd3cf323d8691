package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

// A load fits into 64 MiB, 128 B for each user and 24 B for each assignment, with the
// garbage collector set as in permitload's main.
func TestMemoryOfALoad(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("means nothing under the race detector, which has a memory of its own")
	}
	users := 20_000
	if *full {
		users = 300_000
	}
	records, want := recordsOf(users)
	bare := permittest.State{Roles: want.Roles}
	for _, u := range want.Users {
		bare.Users = append(bare.Users, permittest.User{Key: u.Key})
	}
	const mib = 1 << 20
	budget := 64*mib + 128*len(want.Users) + 24*len(want.Assignments)
	for _, tt := range []struct {
		name string
		have permittest.State
		args []string
	}{{"from nothing", permittest.State{}, nil}, {"each user differs", bare, []string{"--yes", "--verify"}}} {
		var pid atomic.Int64
		var mu sync.Mutex
		got := 0
		measure := func(*http.Request) httpapitest.Fault {
			mu.Lock()
			defer mu.Unlock()
			got = max(got, peakBytes(pid.Load()))
			return httpapitest.Fault{}
		}
		srv := permittest.New(permittest.Options{Unlimited: true, Forget: true, Faults: measure})
		srv.Seed(tt.have)
		address, stop := srv.Start()
		cmd := permitloadAt(t, address, append(tt.args, noWaits...)...)
		cmd.Stdin = strings.NewReader(records)
		said, err := runWatched(cmd, &pid)
		stop()
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		t.Logf("%s: %d users with %d assignments took %.1f MiB of %.1f",
			tt.name, users, len(want.Assignments), float64(got)/mib, float64(budget)/mib)
		if got == 0 || got > budget {
			t.Errorf("%s: %d bytes, the goal is %d", tt.name, got, budget)
		}
	}
}

// runWatched runs a command, stores its process id as soon as there is one, and returns
// its stderr.
func runWatched(cmd *exec.Cmd, pid *atomic.Int64) (said string, err error) {
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		return "", err
	}
	pid.Store(int64(cmd.Process.Pid))
	err = cmd.Wait()
	return errs.String(), err
}

// peakBytes returns the peak memory of a running process. The kernel's figure after its
// end (ru_maxrss) includes its parent's.
func peakBytes(pid int64) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(text), "VmHWM:")
	var kib int
	if _, err := fmt.Sscanf(line, "%d kB", &kib); err != nil {
		return 0
	}
	return kib << 10
}
