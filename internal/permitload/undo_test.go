package permitload

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// TestMain puts the undo files that stopped runs leave behind into a directory that it
// deletes.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "permitload-test-")
	if err == nil {
		for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
			_ = os.Setenv(name, dir) // no test is running yet
		}
	}
	code := m.Run()
	_ = os.RemoveAll(dir) // the tests are over
	os.Exit(code)
}

// undoPath returns the path of the undo file that a run names before it writes, or "". A
// run that leaves the file behind names it again.
func undoPath(t *testing.T, got result) (path string, isLeft bool) {
	t.Helper()
	named := regexp.MustCompile(`(?m)until the run has ended, (\S+) can restore them`)
	match := named.FindAllStringSubmatch(got.stderr, -1)
	if len(match) == 0 {
		return "", false
	}
	if len(match) > 1 {
		t.Errorf("the undo file is named %d times before", len(match))
	}
	path = match[0][1]
	isLeft = strings.Contains(got.stderr, "permitload "+path+" restores it")
	if _, err := os.Stat(path); (err == nil) != isLeft {
		t.Errorf("%v, but stderr is\n%s", err, got.stderr)
	}
	return path, isLeft
}

// afterFirst returns faults for a server: after the first call of one kind, all calls
// meet the fault until over is set.
func afterFirst(call string, fault httpapitest.Fault, over *atomic.Bool) func(*http.Request) httpapitest.Fault {
	var met atomic.Bool
	return func(r *http.Request) httpapitest.Fault {
		if met.Load() && !over.Load() {
			return fault
		}
		met.CompareAndSwap(false, shortRequest(r) == call)
		return httpapitest.Fault{}
	}
}

// What a PUT may clear is on the disk before the PUT, and is deleted when it is back.
func TestWhatAPutMayClearIsOnDiskBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var before string
		look := onCall("PUT F/bulk/users", func() {
			names, _ := filepath.Glob(filepath.Join(os.TempDir(), "a0permit-undo-*.jsonl"))
			for _, name := range names {
				// Another test may delete its file at this moment.
				if text, _ := os.ReadFile(name); bytes.Contains(text, []byte("ann|on-disk")) {
					before = string(text)
				}
			}
		})
		srv := permittest.New(permittest.Options{PutAssignments: permittest.Clear, Faults: look})
		srv.Seed(permittest.State{
			Roles: threeRoles(), Users: []permittest.User{{Key: "ann|on-disk"}},
			Assignments: []permittest.Assignment{
				{User: "ann|on-disk", Role: "Admin", Tenant: "default"},
				{User: "ann|on-disk", Role: "Editor", Tenant: "default", ResourceInstance: "doc:1"},
			},
		})
		got := load(t.Context(), srv, lines(`{"type":"user","key":"ann|on-disk","first_name":"Ann"}`)+endLine)
		wantReport(t, got, tool.Done, "2 role assignments put back")
		if path, isLeft := undoPath(t, got); path == "" || isLeft {
			t.Errorf("undo file %q, left: %v", path, isLeft)
		}
		const want = `{"type":"user","key":"ann|on-disk","role_assignments":[{"role":"Admin","tenant":"default"},` +
			`{"role":"Editor","tenant":"default","resource_instance":"doc:1"}]}` + "\n"
		if before != want {
			t.Errorf("before the PUT it was\n%s", before)
		}
	})
}

// Users without roles have nothing to lose, so there is no undo file.
func TestNoUndoFileWithoutNeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		srv.Seed(permittest.State{Users: []permittest.User{{Key: "auth0|000001"}}})
		got := load(t.Context(), srv, linesFor(usersWithRoles(8)))
		wantReport(t, got, tool.Done)
		if path, _ := undoPath(t, got); path != "" {
			t.Errorf("undo file %s", path)
		}
	})
}

// If the run cannot put back what a PUT cleared, loading the undo file does, and changes
// nothing else.
func TestUndoFileRestoresWhatAPutCleared(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]httpapitest.Fault{
		"the key is revoked": {Status: 401}, "Permit is away": {Status: 503}, "the network is down": {Cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var over atomic.Bool
				srv, input, held := serverThatClears(60, permittest.Options{Faults: afterFirst("PUT F/bulk/users", fault, &over)})
				got := load(t.Context(), srv, input)
				wantReport(t, got, tool.Stopped, "users: 60 left over")
				path, isLeft := undoPath(t, got)
				if !isLeft || len(srv.State().Assignments) > 0 {
					t.Fatalf("%d assignments are left, undo file %q", len(srv.State().Assignments), path)
				}
				over.Store(true)
				want := srv.State()
				want.Assignments = held
				wantReport(t, load(t.Context(), srv, readFile(t, path)), tool.Done, "60 changed")
				wantState(t, srv, want)
				// The lines on stdout contain the same and more.
				wantReport(t, load(t.Context(), srv, got.stdout), tool.Done, "60 unchanged")
			})
		})
	}
}

// After Ctrl-C the run still puts back roles, but not forever if the network is gone. The
// undo file stays.
func TestInterruptOfAPutBackHasAnEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var over atomic.Bool
		down := afterFirst("PUT F/bulk/users", httpapitest.Fault{Cut: true}, &over)
		srv, input, held := serverThatClears(60, permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			fault := down(r)
			if fault.Cut {
				cancel()
			}
			return fault
		}})
		began := time.Now()
		got := load(ctx, srv, input)
		wantReport(t, got, tool.Interrupted)
		if took := time.Since(began); took > 15*time.Minute {
			t.Errorf("it took %s", took)
		}
		path, _ := undoPath(t, got)
		over.Store(true)
		wantReport(t, load(t.Context(), srv, readFile(t, path)), tool.Done)
		wantAssignments(t, srv, held)
	})
}

// If there is no room for the undo file, nothing is written that may need it.
func TestNoRoomForTheUndoFileStopsBeforeThePut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tmp")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, dir)
	}
	// The directory is deleted after the load has kept there what it compares with.
	takeRoom := onCall("GET F/role_assignments", func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	srv, input, held := serverThatClears(3, permittest.Options{Faults: takeRoom})
	got := run(t, srv, "", writeFile(t, "records.jsonl", input))
	wantExit(t, got, tool.Stopped, "cannot write the undo file", "hint: free some space")
	if n := countWrites(srv); n > 0 || got.stdout != "" {
		t.Errorf("%d writes, stdout %s", n, got.stdout)
	}
	wantAssignments(t, srv, held)
}

// A removal that stops halfway without --undo has kept what it took away. One that ends
// in order deletes the file.
func TestRemovalThatStopsHalfwayCanBeUndone(t *testing.T) {
	t.Parallel()
	prune := func(ctx context.Context, srv http.Handler) result {
		return load(ctx, srv, roleLines+orgTenantLine+defaultTenantLine+lines(
			`{"type":"user","key":"ann","role_assignments":[]}`, `{"type":"user","key":"bob","role_assignments":[]}`,
		)+endLineAt(time.Now()), replaceRoles)
	}
	remove := func(ctx context.Context, srv http.Handler) result {
		return removeUsers(ctx, srv, lines(`{"type":"user","key":"ann"}`, `{"type":"user","key":"bob"}`)+endLine)
	}
	for name, takeAway := range map[string]func(context.Context, http.Handler) result{
		"--roles replace": prune, "remove": remove,
	} {
		for _, call := range []string{"DELETE F/role_assignments/bulk", "DELETE F/bulk/users", ""} {
			t.Run(fmt.Sprint(name, " ", call), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					met := false
					srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
						if !met && shortRequest(r) == call {
							met = true
							cancel()
							return httpapitest.Fault{Lose: true}
						}
						return httpapitest.Fault{}
					}})
					srv.Seed(threeUsers("ann admin default", "ann viewer org", "bob viewer org"))
					before := srv.State()
					time.Sleep(time.Hour)
					got := takeAway(ctx, srv)
					path, isLeft := undoPath(t, got)
					switch {
					case path == "":
						t.Errorf("no undo file is named:\n%s", got.stderr)
					case isLeft != met:
						t.Errorf("left: %v", isLeft)
					case met:
						wantReport(t, got, tool.Interrupted)
						wantReport(t, load(t.Context(), srv, readFile(t, path)), tool.Done)
						wantState(t, srv, before)
					default:
						wantReport(t, got, tool.Done)
					}
				})
			})
		}
	}
}
