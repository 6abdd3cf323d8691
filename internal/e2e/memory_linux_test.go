package e2e_test

import (
	"bytes"
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

// What a load takes in memory: a fixed part, and some bytes for each user and
// each assignment.
func TestMemoryOfALoad(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a while, and means nothing under the race detector, which has a memory of its own")
	}
	const users = 300_000
	records, want := crowd(users)
	bare := permittest.State{Roles: want.Roles}
	for _, u := range want.Users {
		bare.Users = append(bare.Users, permittest.User{Key: u.Key})
	}
	for _, tt := range []struct {
		name string
		have permittest.State
		args []string
	}{{"from nothing", permittest.State{}, nil}, {"each user differs", bare, []string{"--verify"}}} {
		var pid atomic.Int64
		var mu sync.Mutex
		got := 0.0
		srv := permittest.New(permittest.Options{Unlimited: true, Forget: true, Faults: func(*http.Request) httpapitest.Fault {
			mu.Lock()
			defer mu.Unlock()
			got = max(got, peak(pid.Load()))
			return httpapitest.Fault{}
		}})
		srv.Seed(tt.have)
		url, stop := srv.Start()
		args := append([]string{"--api-url", url, "--create-missing", "yes", "--rate", "bulk=1000/1s", "--rate", "write=1000/1s", "--rate", "all=1000/1s"}, tt.args...)
		cmd := exec.CommandContext(t.Context(), "permitload", args...)
		cmd.Env = append(os.Environ(), "PERMIT_API_KEY="+permittest.DefaultKey)
		cmd.Stdin = strings.NewReader(records)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		err := cmd.Start()
		if err == nil {
			pid.Store(int64(cmd.Process.Pid))
			err = cmd.Wait()
		}
		stop()
		if err != nil {
			t.Fatalf("%v: %s", err, errs.String())
		}
		most := 64 + float64(128*users+24*len(want.Assignments))/(1<<20)
		t.Logf("%s: %d users with %d assignments took %.1f MiB", tt.name, users, len(want.Assignments), got)
		if got == 0 || got > most {
			t.Errorf("%s: %.1f MiB, the goal is %.0f", tt.name, got, most)
		}
	}
}

// peak is the most memory that a running process has held, in MiB. What the
// kernel says once it has ended (ru_maxrss) counts its parent's too.
func peak(pid int64) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(text), "VmHWM:")
	var kib float64
	if _, err := fmt.Sscanf(line, "%f kB", &kib); err != nil {
		return 0
	}
	return kib / 1024
}
