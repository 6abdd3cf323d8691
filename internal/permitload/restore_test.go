package permitload

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// serverThatClears is an environment whose PUT clears assignments. Its users are those
// of crowd with other names, and hold what no line speaks of.
func serverThatClears(n int, faults func(*http.Request) httpapitest.Fault) (srv *permittest.Server, input string, held []permittest.Assignment) {
	srv = permittest.New(permittest.Options{PutAssignments: permittest.Clear, Faults: faults})
	want := usersWithRoles(n)
	before := permittest.State{Roles: append([]permittest.Role{{Key: "by-hand", Name: "By hand"}}, want.Roles...), Tenants: []permittest.Tenant{{Key: "org_1", Name: "Acme"}}}
	for _, u := range want.Users {
		before.Users = append(before.Users, permittest.User{Key: u.Key, FirstName: "Old"})
		held = append(held, permittest.Assignment{User: u.Key, Role: "by-hand", Tenant: "org_1"})
	}
	before.Assignments = held
	srv.Seed(before)
	want.Assignments = nil
	return srv, linesFor(want), srv.State().Assignments
}

func TestClearedAssignmentsAreRestored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, input, held := serverThatClears(250, nil)
		wantBrought(t, load(t.Context(), srv, input), tool.Done, "users: 250 in = 250 loaded", "0 role assignments made; 250 role assignments put back")
		if diff := cmp.Diff(held, srv.State().Assignments); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		before := countWrites(srv)
		wantCode(t, load(t.Context(), srv, input), tool.Done)
		if n := countWrites(srv) - before; n > 0 {
			t.Errorf("the second load wrote %d times", n)
		}
	})
}

// A bulk write may take effect late, and with it what it clears.
func TestLateClearingIsRestored(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{10 * time.Second, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			srv, input, held := serverThatClears(8, nil)
			late := permittest.New(permittest.Options{PutAssignments: permittest.Clear, Lag: lag})
			late.Seed(srv.State())
			got := load(t.Context(), late, input, func(c *loadSettings) { c.verifies = true })
			wantBrought(t, got, tool.Done, fmt.Sprintf("%d role assignments put back", len(held)))
			time.Sleep(time.Minute)
			if diff := cmp.Diff(held, late.State().Assignments); diff != "" {
				t.Errorf("assignments (-want +got):\n%s", diff)
			}
		})
	}
}

// An interrupt or a lost answer in the midst of the PUT costs no assignment.
// After the one PUT nothing is left to do, so even the interrupted load is whole.
func TestRestoreAfterInterruptOrLostAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		srv, input, held := serverThatClears(40, onCall("PUT F/bulk/users", cancel))
		wantBrought(t, load(ctx, srv, input), tool.Done, "40 role assignments put back")
		if diff := cmp.Diff(held, srv.State().Assignments); diff != "" {
			t.Errorf("interrupted (-want +got):\n%s", diff)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		srv, input, held := serverThatClears(40, faultOn("PUT F/bulk/users", httpapitest.Fault{Lose: true}, 1))
		wantBrought(t, load(t.Context(), srv, input), tool.Done, "40 role assignments put back")
		if diff := cmp.Diff(held, srv.State().Assignments); diff != "" {
			t.Errorf("lost answer (-want +got):\n%s", diff)
		}
	})
}

// Who lost an assignment that Permit takes no more comes out on stdout.
func TestUserWhoseRestoreIsRefusedIsRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var gone bool
		srv, input, held := serverThatClears(3, func(r *http.Request) httpapitest.Fault {
			if r.Method == http.MethodPost && (!gone || !strings.HasSuffix(r.URL.Path, "/bulk")) {
				gone = !strings.HasSuffix(r.URL.Path, "/bulk")
				return httpapitest.Fault{Status: http.StatusNotFound, Body: `{"error_code":"NOT_FOUND","message":"we could not find 'Role' with the given filters"}`}
			}
			return httpapitest.Fault{}
		})
		got := load(t.Context(), srv, input)
		wantBrought(t, got, tool.Rejected, "users: 3 in = 0 loaded + 0 unchanged + 3 not loaded")
		if n := len(rejectedLines(t, got.out)); n != len(held) {
			t.Errorf("%d lines left, want %d", n, len(held))
		}
	})
}

// What cannot be put back comes out, and is made when it is fed again.
func TestStopBeforeRestoreRejectsTheUsers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		written, revoked := false, true
		srv, input, held := serverThatClears(5, func(r *http.Request) httpapitest.Fault {
			if written && revoked {
				return httpapitest.Fault{Status: 401}
			}
			written = written || r.Method == http.MethodPut
			return httpapitest.Fault{}
		})
		got := load(t.Context(), srv, input)
		wantBrought(t, got, tool.Stopped, "users: 5 in = 0 loaded + 0 unchanged + 5 not loaded")
		revoked = false
		wantCode(t, load(t.Context(), srv, got.out), tool.Done)
		if diff := cmp.Diff(held, srv.State().Assignments); diff != "" {
			t.Errorf("assignments (-want +got):\n%s", diff)
		}
	})
}
