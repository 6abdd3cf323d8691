package permitload

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// A record that makes Permit fail keeps out only itself. The others do not wait long for
// it.
func TestPoisonRecordKeepsNobodyElseOut(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 502, 504, 501, 403, 405, 410, 451} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				want, input := bareUsers(1000)
				srv := permittest.New(permittest.Options{Poison: map[string]int{"u000567": status}})
				began := time.Now()
				got := load(t.Context(), srv, input)
				wantReport(t, got, tool.Rejected, "users: 999 added, 1 left over")
				if diff := cmp.Diff([]string{"u000567"}, rejectedKeys(t, got.stdout)); diff != "" {
					t.Errorf("stdout (-want +got):\n%s", diff)
				}
				want.Users = slices.DeleteFunc(want.Users, func(u permittest.User) bool { return u.Key == "u000567" })
				wantState(t, srv, want)
				if n := countBulkCalls(srv); n > 10+3*5 {
					t.Errorf("%d bulk calls", n)
				}
				if took := time.Since(began); took > 5*time.Minute {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// The same holds for a role assignment: its user comes out.
func TestPoisonAssignmentKeepsItsUserOut(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 451} {
		synctest.Test(t, func(t *testing.T) {
			want := usersWithRoles(300)
			holder := want.Assignments[100].User
			isHolders := func(a permittest.Assignment) bool { return a.User == holder }
			srv := permittest.New(permittest.Options{Poison: map[string]int{holder: status}})
			srv.Seed(permittest.State{Users: want.Users})
			got := load(t.Context(), srv, linesFor(want))
			wantReport(t, got, tool.Rejected)
			if diff := cmp.Diff([]string{holder}, rejectedKeys(t, got.stdout)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			wantAssignments(t, srv, slices.DeleteFunc(want.Assignments, isHolders))
		})
	}
}

// As long as nothing else succeeds, a failing call is not blamed on its records.
func TestNobodyIsRejectedWhileAllFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failing := false
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if failing = failing || shortRequest(r) == "PUT F/bulk/users"; failing {
				return httpapitest.Fault{Status: 500}
			}
			return httpapitest.Fault{}
		}})
		_, input := bareUsers(100)
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Stopped)
		if n := countCalls(srv, "PUT F/users"); n > 0 || got.stdout != "" {
			t.Errorf("%d calls for single users, stdout %s", n, got.stdout)
		}
	})
}

// A 422 may name one item of several, or always the first item of the batch. Neither
// costs a bulk call for each record, nor an innocent record.
func TestNamesOfOneItem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		names   permittest.Names
		refused int
		bulk    int // calls, at most
	}{
		{"the first at fault", permittest.NameOne, 12, 100},
		{"the only one at fault", permittest.NameOne, 1, 2},
		{"always item 0", permittest.NameFirst, 12, 100},
		{"always item 0, of one at fault", permittest.NameFirst, 1, 13},
		{"one that is not there", permittest.NameFar, 1, 13},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				want, input := bareUsers(1000)
				var refused []string
				for i := range tt.refused {
					key := want.Users[60+i*80].Key
					refused = append(refused, key)
					input = strings.ReplaceAll(input, key+"@acme.example", key+"@acme.test")
				}
				srv := permittest.New(permittest.Options{StrictEmails: true, Names: tt.names})
				got := load(t.Context(), srv, input)
				wantReport(t, got, tool.Rejected)
				if diff := cmp.Diff(refused, rejectedKeys(t, got.stdout)); diff != "" {
					t.Errorf("stdout (-want +got):\n%s", diff)
				}
				want.Users = slices.DeleteFunc(want.Users, func(u permittest.User) bool { return slices.Contains(refused, u.Key) })
				wantState(t, srv, want)
				if n := countBulkCalls(srv); n > tt.bulk {
					t.Errorf("%d bulk calls, want at most %d", n, tt.bulk)
				}
			})
		})
	}
}

// If many in a row are refused alike, the load tries records far from them before it
// stops.
func TestManyRefusedAlikeInARow(t *testing.T) {
	t.Parallel()
	for _, at := range []int{0, 300, 900} {
		synctest.Test(t, func(t *testing.T) {
			want, input := bareUsers(1000)
			var refused []string
			poison := map[string]int{}
			for _, u := range want.Users[at : at+100] {
				refused, poison[u.Key] = append(refused, u.Key), http.StatusBadRequest
			}
			srv := permittest.New(permittest.Options{Poison: poison})
			got := load(t.Context(), srv, input)
			wantReport(t, got, tool.Rejected, "users: 900 added, 100 left over")
			if diff := cmp.Diff(refused, rejectedKeys(t, got.stdout)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}
