package permitload

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// Late writes are waited for with single GETs, not with bulk calls. The assignments of
// one batch go out while the next batch is under way.
func TestLateWritesCostFewCalls(t *testing.T) {
	t.Parallel()
	const took = 6 * time.Second // by a bulk write of users
	for lag, users := range map[time.Duration]int{time.Second: 40, 20 * time.Second: 3002, 45 * time.Second: 40} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{Inline: apart, Lag: lag, Faults: func(r *http.Request) httpapitest.Fault {
				if r.Method == http.MethodPut {
					time.Sleep(took)
				}
				return httpapitest.Fault{}
			}})
			want := usersWithRoles(users)
			for i := range want.Users { // fewer, since the race detector is slow
				want.Users[i] = permittest.User{Key: want.Users[i].Key}
			}
			// Two calls, the last for both batches.
			if n := len(want.Assignments); n > 2000 {
				want.Assignments = append(want.Assignments[:1990], want.Assignments[n-40:]...)
			}
			start := time.Now()
			wantReport(t, load(t.Context(), srv, linesFor(want)), tool.Done)
			if n := len(srv.State().Assignments); n != len(want.Assignments) {
				t.Errorf("%d assignments of %d", n, len(want.Assignments))
			}
			// One call for each batch, one that is refused for its roles, and at most one
			// that shows that writes are late.
			if n, most := countBulkCalls(srv), 2*(users/3000+1)+2; n > most {
				t.Errorf("lag %s: %d bulk calls, want at most %d", lag, n, most)
			}
			if n := countCalls(srv, "GET F/users/"); n > 20*20 {
				t.Errorf("lag %s: %d calls that look for users", lag, n)
			}
			if all := time.Since(start); all > lag+3*took+5*time.Second {
				t.Errorf("lag %s: took %s", lag, all)
			}
		})
	}
}

// Writes that become visible only after the wait are not lost.
func TestVeryLateWritesLoseNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Lag: 100 * time.Second})
		want := usersWithRoles(100)
		wantLoaded(t, srv, linesFor(want), want)
	})
}

// The wait for users who never become visible has an end. Those with a role are rejected,
// and can be loaded again.
func TestWritesThatNeverShowEndTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Lag: 1000 * time.Hour})
		want := usersWithRoles(100)
		start := time.Now()
		got := load(t.Context(), srv, linesFor(want))
		wantReport(t, got, tool.Stopped)
		if took := time.Since(start); took > time.Hour {
			t.Errorf("took %s", took)
		}
		retryable := 0
		for _, l := range rejectedLines(t, got.stdout) {
			if l.Error.Retryable {
				retryable++
			}
		}
		if tally := got.report.ledger.Tallies()["user"]; retryable != 75 || tally.NotLoaded != 75 || tally.Loaded != 25 {
			t.Errorf("%d lines to retry, %+v; 75 of 100 hold a role", retryable, tally)
		}
	})
}

// A 404 about a role is not waited for. Only users are late.
func TestMissingRoleIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		noRole := httpapitest.Fault{Status: 404, Body: noRoleBody}
		srv := permittest.New(permittest.Options{Faults: faultOn("POST F/role_assignments/bulk", noRole)})
		want := usersWithRoles(30)
		wantReport(t, load(t.Context(), srv, linesFor(want)), tool.Done)
		wantState(t, srv, want)
		const beforeTheWrite = 3 // for some of the new users
		if n := countCalls(srv, "GET F/users/"); n > beforeTheWrite {
			t.Errorf("%d looks for users", n-beforeTheWrite)
		}
	})
}
