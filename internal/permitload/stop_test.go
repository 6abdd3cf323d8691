package permitload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// An interrupt lets the current call finish, sends no other, and puts on stdout what was
// not loaded.
func TestInterruptFinishesTheCallUnderWay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		call     string
		users    int // in Permit afterwards
		assigned int
		report   string // empty before the first write
	}{
		{"GET F/users", 0, 0, ""},
		{"POST S/roles", 0, 0, "roles: 1 added, 2 left over; " +
			"users: 40 left over"},
		{"PUT F/bulk/users", 40, 0, "roles: 3 added; " +
			"users: 10 added, 30 left over"},
		{"POST F/role_assignments/bulk", 40, 60, "users: 40 added; " +
			"60 role assignments added"},
	}
	for _, tt := range tests {
		t.Run(tt.call, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := permittest.Options{Inline: permittest.InlineIgnored, Faults: onCall(tt.call, cancel)}
			if tt.call == "POST F/role_assignments/bulk" {
				o.Inline = permittest.InlineRefused
			}
			srv := permittest.New(o)
			want := usersWithRoles(40)
			input := linesFor(want)
			got := runFrom(ctx, t, srv, strings.NewReader(input), "--create-missing", "yes")
			if tt.assigned > 0 {
				// The interrupt came with the last call, so all is done.
				if got.code != tool.Done || got.stdout != "" {
					t.Errorf("exit code %d, stdout %q", got.code, got.stdout)
				}
			} else {
				wantExit(t, got, tool.Interrupted, "permitload: stopped: interrupted")
			}
			if !strings.Contains(got.stderr, tt.report) {
				t.Errorf("stderr lacks %q:\n%s", tt.report, got.stderr)
			}
			all := srv.Calls()
			if last := all[len(all)-1]; shortCall(last.Method, last.Path) != tt.call {
				t.Errorf("the last call was %s %s", last.Method, last.Path)
			}
			if s := srv.State(); len(s.Users) != tt.users || len(s.Assignments) != tt.assigned {
				t.Errorf("%d users and %d assignments", len(s.Users), len(s.Assignments))
			}
			for _, l := range rejectedLines(t, got.stdout) {
				if l.Error.Code != "not_reached" || !l.Error.Retryable {
					t.Errorf("%v: %+v", l.Key, l.Error)
				}
			}
			if tt.report == "" && got.stdout != "" {
				t.Errorf("stdout before the first write: %.300s", got.stdout)
			}
			// Loading what came out, or the input again, completes the load.
			next := input
			if got.stdout != "" {
				next = got.stdout
			}
			wantExit(t, run(t, srv, next, "--create-missing", "yes"), tool.Done)
			wantState(t, srv, want)
		})
	}
}

// An existing user is not loaded as long as it lacks a role of its line.
func TestInterruptBeforeAssignmentsRejectsTheirUsers(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	srv := permittest.New(permittest.Options{Faults: onCall("POST S/roles", cancel)})
	want := usersWithRoles(40)
	srv.Seed(permittest.State{Users: want.Users})
	got := runFrom(ctx, t, srv, strings.NewReader(linesFor(want)), "--create-missing", "yes")
	wantExit(t, got, tool.Interrupted, "users: 10 unchanged, 30 left over")
}

// An interrupt ends a wait, too.
func TestInterruptEndsAWait(t *testing.T) {
	t.Parallel()
	for _, o := range []permittest.Options{
		{Lag: 1000 * time.Hour},
		{
			Limits: []permittest.Limit{{Class: permittest.ClassBulk, Calls: 1, Window: time.Hour}}, WideClasses: true,
			Inline: permittest.InlineIgnored,
		},
		{
			Faults: faultOn("POST F/role_assignments/bulk", httpapitest.Fault{Status: 503, RetryAfter: 20 * time.Minute}, 1),
			Inline: apart,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(o)
			ctx, cancel := context.WithCancel(t.Context())
			waiting := make(chan result)
			go func() { waiting <- load(ctx, srv, linesFor(usersWithRoles(8))) }()
			synctest.Wait()
			cancel()
			got := <-waiting
			wantReport(t, got, tool.Interrupted)
			if n := len(rejectedLines(t, got.stdout)); n != 6 || len(srv.State().Users) != 8 {
				t.Errorf("%d lines rejected, want 6; %v", n, got.report)
			}
		})
	}
}

// A key that is revoked during the load stops it at once, and nothing is lost.
func TestRevokedKeyStopsTheLoad(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]struct {
		rejected int
		says     string
	}{
		"PUT F/bulk/users":             {40, "users: 40 left over"},
		"POST F/role_assignments/bulk": {30, "users: 10 added, 30 left over"},
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			revoked := httpapitest.Fault{Status: 401, Body: `{"error_code":"UNAUTHORIZED","message":"revoked"}`}
			srv := permittest.New(permittest.Options{Inline: apart, Faults: faultOn(call, revoked, 1)})
			got := run(t, srv, linesFor(usersWithRoles(40)), "--create-missing", "yes")
			wantExit(t, got, tool.Stopped, "401 UNAUTHORIZED: revoked", "hint: export PERMIT_API_KEY=", want.says)
			if n := len(rejectedLines(t, got.stdout)); n != want.rejected {
				t.Errorf("%d lines rejected, want %d", n, want.rejected)
			}
			if n := countCalls(srv, call); n != 1 {
				t.Errorf("%d calls of %s", n, call)
			}
			wantExit(t, run(t, srv, got.stdout), tool.Done)
			wantState(t, srv, usersWithRoles(40))
		})
	}
}

// If the answer to the first write is lost, the write may have been made, so what is not
// loaded comes out on stdout.
func TestLostFirstAnswerCountsAsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		puts := 0
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.Method != http.MethodPut {
				return httpapitest.Fault{}
			}
			if puts++; puts == 1 {
				return httpapitest.Fault{Lose: true}
			}
			return httpapitest.Fault{Status: 401}
		}})
		_, input := bareUsers(10)
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Stopped, "users: 10 left over")
		if n := len(rejectedLines(t, got.stdout)); n != 10 {
			t.Errorf("%d lines rejected", n)
		}
	})
}

// brokenStdout is a stdout that fails after some bytes.
type brokenStdout struct {
	bytes.Buffer
	room  int
	tried int // writes since it failed
}

var errNoSpace = errors.New("no space left on device")

func (f *brokenStdout) Write(p []byte) (int, error) {
	if f.Len()+len(p) > f.room {
		f.tried++
		return 0, errNoSpace
	}
	return f.Buffer.Write(p)
}

// If stdout fails, what is not loaded would be lost, so nothing more is sent.
func TestBrokenStdoutStopsTheLoad(t *testing.T) {
	t.Parallel()
	for _, room := range []int{0, 150} {
		srv := permittest.New(permittest.Options{})
		input := lines(`{"type":"user","key":"no good"}`, `{"type":"user","key":"no better"}`) +
			linesFor(usersWithRoles(40))
		stdout := &brokenStdout{room: room}
		got := runInto(t.Context(), t, srv, strings.NewReader(input), stdout, "--create-missing", "yes")
		wantExit(t, got, tool.Stopped,
			"permitload: error: write what was not loaded to stdout: no space left on device",
			"roles: 1 added, 2 left over; "+
				"users: 42 left over")
		if n := countWrites(srv); n != 1 {
			t.Errorf("%d writes, want the one that was under way", n)
		}
		if stdout.tried != 1 {
			t.Errorf("stdout was tried %d times after it broke", stdout.tried-1)
		}
	}
}

// If stdout fails only at the last lines, everything was sent, but the run still fails.
func TestStdoutThatBreaksAtTheEnd(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	input := annLine + lines(`{"type":"role","key":"Admin"}`) + endLine
	got := runInto(t.Context(), t, srv, strings.NewReader(input), &brokenStdout{}, "--create-missing", "no")
	wantExit(t, got, tool.Stopped, "no space left on device",
		"roles: 1 left over; users: 1 added")
}

// channelStdout is a stdout that passes on what is written to it.
type channelStdout chan string

func (c channelStdout) Write(p []byte) (int, error) { c <- string(p); return len(p), nil }

// Rejected lines come out whole and as soon as they are known, so none is lost when the
// run is killed.
func TestRejectedLinesComeOutAtOnce(t *testing.T) {
	t.Parallel()
	stdout := make(channelStdout, 100)
	seen := make(chan int, 1)
	srv := permittest.New(permittest.Options{
		Inline: apart,
		Faults: onCall("POST F/role_assignments/bulk", func() { seen <- len(stdout) }),
	})
	input := lines(`{"type":"user","key":"no good"}`) + linesFor(usersWithRoles(4))
	got := runInto(t.Context(), t, srv, strings.NewReader(input), stdout, "--create-missing", "yes")
	if n := <-seen; n != 1 || got.code != tool.Rejected {
		t.Errorf("%d lines were out when assignments were sent; exit code %d", n, got.code)
	}
	if diff := cmp.Diff([]string{"no good invalid_record"}, rejectedCodes(t, <-stdout)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Finding out what a lost answer has done may fail as well. Permit may have been written
// to, so the lines come out.
func TestFailedLookAfterALostAnswerCountsAsWritten(t *testing.T) {
	t.Parallel()
	lost := faultOn("POST F/role_assignments/bulk", httpapitest.Fault{Lose: true}, 1)
	synctest.Test(t, func(t *testing.T) {
		sent := false
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			sent = sent || r.Method == http.MethodPost
			if sent && shortRequest(r) == "GET F/role_assignments" {
				return httpapitest.Fault{Status: http.StatusNotImplemented}
			}
			return lost(r)
		}})
		srv.Seed(permittest.State{Roles: threeRoles(), Users: []permittest.User{{Key: "ann"}}})
		got := load(t.Context(), srv, `{"type":"user","key":"ann","role_assignments":[{"role":"Admin"}]}`+"\n"+endLine)
		wantReport(t, got, tool.Stopped, "users: 1 left over")
		wantRejected(t, got, "ann not_reached")
	})
}

// A bulk call is counted to its end even if stdout fails.
func TestBrokenStdoutStillCountsTheCall(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Users: []permittest.User{{Key: "ann"}, {Key: "bob"}, {Key: "cid"}}})
	input := lines(`{"type":"user","key":"ann"}`, `{"type":"user","key":"bob"}`, `{"type":"user","key":"cid"}`,
		`{"type":"user","key":"bad key"}`)
	args := []string{"remove", "--yes", "--remove-limit", "100"}
	got := runInto(t.Context(), t, srv, strings.NewReader(input+endLine), &brokenStdout{}, args...)
	wantExit(t, got, tool.Stopped, "users: 3 deleted, 1 left over")
}

// An interrupt at any call leaves a summary. Files that flags name are whole or absent,
// and no temporary file stays.
func TestInterruptAtEachCallLeavesWholeFiles(t *testing.T) {
	t.Parallel()
	commands := map[string][]string{
		"load":   {"--create-missing", "yes", "--roles", "replace", "--extra", "extra", "--verify"},
		"remove": {"remove"},
	}
	for name, command := range commands {
		for nth, done := 1, false; !done; nth++ {
			t.Run(fmt.Sprint(name, " ", nth), func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var calls atomic.Int64
				srv := permittest.New(permittest.Options{Faults: func(*http.Request) httpapitest.Fault {
					if int(calls.Add(1)) == nth {
						cancel()
					}
					return httpapitest.Fault{}
				}})
				srv.SeedAt(time.Now().Add(-time.Hour), threeUsers("ann admin default", "bob viewer org"))
				dir := t.TempDir()
				args := slices.Concat(command,
					[]string{"--yes", "--remove-limit", "100", "--undo", "undo", "--summary", "summary"})
				for i, arg := range args {
					if slices.Contains([]string{"extra", "undo", "summary"}, arg) {
						args[i] = filepath.Join(dir, arg)
					}
				}
				input := roleLines + annAsViewer + lines(`{"type":"user","key":"new"}`) + endLineAt(time.Now())
				got := runFrom(ctx, t, srv, strings.NewReader(input), args...)
				if done = int(calls.Load()) < nth; done {
					wantExit(t, got, tool.Done)
					return
				}
				if got.code != tool.Interrupted && got.code != tool.Done { // at the last call, everything is done
					t.Errorf("exit code %d\n%s", got.code, got.stderr)
				}
				files, err := os.ReadDir(dir)
				if err != nil {
					t.Fatal(err)
				}
				for _, file := range files {
					switch text := readFile(t, filepath.Join(dir, file.Name())); file.Name() {
					case "summary":
						decodeJSON(t, []byte(text), &map[string]any{})
					case "extra", "undo":
						wantExit(t, run(t, permittest.New(permittest.Options{}), text, "--dry-run", "--require-end"), tool.Done)
					default:
						t.Errorf("%s is left behind", file.Name())
					}
				}
				if !slices.ContainsFunc(files, func(file os.DirEntry) bool { return file.Name() == "summary" }) {
					t.Errorf("there is no summary among %v", files)
				}
			})
		}
	}
}
