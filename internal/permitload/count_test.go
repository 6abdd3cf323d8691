package permitload

import (
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// If Permit counts fewer role assignments than it made, those that exist are found in the
// list, and nothing is sent twice.
func TestCountsThatAreTooSmall(t *testing.T) {
	t.Parallel()
	for _, flaw := range []permittest.Flaw{permittest.NoCount, permittest.LowCount} {
		t.Run(string(flaw), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{
					Inline: apart, AssignmentLag: 20 * time.Second, Flaws: permittest.Always(flaw),
				})
				want := usersWithRoles(100)
				began := time.Now()
				wantReport(t, load(t.Context(), srv, linesFor(want)), tool.Done)
				wantState(t, srv, want)
				if n, took := countCalls(srv, "POST F/role_assignments"), time.Since(began); n != 1 || took > time.Minute {
					t.Errorf("%d calls to assign roles in %s", n, took)
				}
				time.Sleep(time.Hour)
				all := linesFor(want)
				wantReport(t, removeUsers(t.Context(), srv, all), tool.Done)
				if n, left := countCalls(srv, "DELETE F/role_assignments"), len(srv.State().Assignments); n != 1 || left > 0 {
					t.Errorf("%d calls to take roles away, %d are left", n, left)
				}
			})
		})
	}
}

// A bulk call that succeeds but does nothing is made again, and then its items are sent
// one by one.
func TestCallsThatDoNothing(t *testing.T) {
	t.Parallel()
	for _, times := range [][]int{{1}, {1, 2}, nil} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{
				Inline: apart, Flaws: faultOn("POST F/role_assignments/bulk", permittest.NotDone, times...),
			})
			want := usersWithRoles(100)
			wantReport(t, load(t.Context(), srv, linesFor(want)), tool.Done, "100 added")
			wantState(t, srv, want)

			srv = permittest.New(permittest.Options{
				Flaws: faultOn("DELETE F/role_assignments/bulk", permittest.NotDone, times...),
			})
			srv.Seed(want)
			wantReport(t, removeUsers(t.Context(), srv, linesFor(want)), tool.Done)
			if left := srv.State(); len(left.Assignments)+len(left.Users) > 0 {
				t.Errorf("%d users and %d assignments are left", len(left.Users), len(left.Assignments))
			}
		})
	}
}
