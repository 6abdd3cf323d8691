package permitload

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// Four users in 3,500 that Permit refuses cost few calls, and nobody else.
func TestRefusedUsersCostFewCalls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		o      permittest.Options
		users  int
		domain string // of their emails, when not taken by others
		code   string
		status int
	}{
		{"with 409", permittest.Options{}, 3500, "", "DUPLICATE_ENTITY", 409},
		{"with 422 that does not say which", permittest.Options{DuplicateEmail: http.StatusUnprocessableEntity}, 700, "", "INVALID_INPUT", 422},
		{"with 422 that says which", permittest.Options{StrictEmails: true}, 700, "@acme.test", "Unprocessable Entity", 422},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				bad := []int{7, tt.users * 2 / 5, tt.users * 6 / 7, tt.users - 1}
				// Somebody takes their emails once the load has looked.
				taken := permittest.State{}
				for _, i := range bad {
					taken.Users = append(taken.Users, permittest.User{Key: fmt.Sprintf("zoe%d", i), Email: fmt.Sprintf("u%06d@acme.example", i)})
				}
				var srv *permittest.Server
				if tt.domain == "" {
					tt.o.Faults = func(r *http.Request) httpapitest.Fault {
						if r.Method == http.MethodPut && len(srv.State().Users) == 0 {
							srv.Seed(taken)
						}
						return httpapitest.Fault{}
					}
				}
				srv = permittest.New(tt.o)
				want, input := bareUsers(tt.users)
				var codes, keys []string
				for _, i := range bad {
					key := want.Users[i].Key
					keys, codes = append(keys, key), append(codes, fmt.Sprint(key, " ", tt.code, " ", tt.status))
					if tt.domain != "" {
						input = strings.Replace(input, key+"@acme.example", key+tt.domain, 1)
					}
				}
				got := load(t.Context(), srv, input)
				wantCode(t, got, tool.Rejected)
				want.Users = slices.DeleteFunc(want.Users, func(u permittest.User) bool { return slices.Contains(keys, u.Key) })
				if tt.domain == "" {
					want.Users = append(want.Users, taken.Users...)
				}
				slices.SortFunc(want.Users, func(a, b permittest.User) int { return strings.Compare(a.Key, b.Key) })
				wantState(t, srv, want)
				var left []string
				for _, l := range rejectedLines(t, got.out) {
					if l.Error.Retryable {
						t.Errorf("%v would succeed as it is", l.Key)
					}
					left = append(left, fmt.Sprint(l.Key, " ", l.Error.Code, " ", l.Error.Status))
				}
				if diff := cmp.Diff(codes, left); diff != "" {
					t.Errorf("stdout (-want +got):\n%s", diff)
				}
				most := 60
				if tt.domain != "" {
					most = 4
				}
				if n := countBulkCalls(srv); n > most {
					t.Errorf("%d bulk calls, want at most %d", n, most)
				}
				if n, most := countCalls(srv, "PUT F/users/"), 4*50; n > most {
					t.Errorf("%d single calls, want at most %d", n, most)
				}
			})
		})
	}
}

// Refusals count as alike in a row only: half of a batch may be bad.
func TestHalfOfABatchIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			path := r.URL.Path
			if r.Method == http.MethodPut && (strings.HasSuffix(path, "/bulk/users") || strings.ContainsAny(path[len(path)-1:], "13579")) {
				return httpapitest.Fault{Status: 409, Body: `{"error_code":"DUPLICATE_ENTITY"}`}
			}
			return httpapitest.Fault{}
		}})
		_, input := bareUsers(50)
		got := load(t.Context(), srv, input)
		wantCode(t, got, tool.Rejected)
		if n, left := len(srv.State().Users), len(rejectedLines(t, got.out)); n != 25 || left != 25 {
			t.Errorf("%d users, and %d lines left", n, left)
		}
	})
}

// What everybody meets is not anybody's fault: the load stops soon, and says so.
// (Others' tools report each of a million records, or none of them.)
func TestLoadStopsWhenAllAreRefusedAlike(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, call string
		status     int
		users      int // in Permit afterwards
	}{
		{"users", "PUT F/", 400, 0},
		{"users, by 409", "PUT F/", 409, 0},
		{"assignments", "POST F/role_assignments", 400, 100},
		{"assignments, as not found", "POST F/role_assignments", 404, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
					if strings.HasPrefix(shortCall(r.Method, r.URL.EscapedPath()), tt.call) {
						return httpapitest.Fault{Status: tt.status, Body: `{"error_code":"X","message":"not today"}`}
					}
					return httpapitest.Fault{}
				}})
				input := linesFor(usersWithRoles(100))
				got := load(t.Context(), srv, input)
				wantCode(t, got, tool.Stopped)
				if got.err == nil || !strings.Contains(got.err.Error(), "20 records in a row were refused alike, so the cause is not theirs") {
					t.Errorf("error: %v", got.err)
				}
				if n := len(srv.State().Users); n != tt.users || len(srv.State().Assignments) > 0 {
					t.Errorf("%d users and %d assignments", n, len(srv.State().Assignments))
				}
				if n := countWrites(srv); n > 3+1+2*(3+20) { // a user not found is looked for, and tried once more
					t.Errorf("%d writes to find that out", n)
				}
				refused, reached := 0, 0
				for _, l := range rejectedLines(t, got.out) {
					if l.Error.Code == "X" {
						refused++
					} else if l.Error.Code == "not_reached" && l.Error.Retryable {
						reached++
					}
				}
				// 25 of 100 users hold no role. Those of a user fail together.
				if all := 100 - tt.users/4; refused+reached != all || refused > 20 || refused == 0 {
					t.Errorf("%d refused and %d not reached of %d", refused, reached, all)
				}
				if tally := got.report.ledger.Tallies()["user"]; tally.NotLoaded != refused+reached {
					t.Errorf("the report says %+v", tally)
				}
			})
		})
	}
}

// One assignment that Permit refuses costs its user's line, and nobody else's.
func TestRefusedAssignmentCostsItsUserAlone(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 422} {
		synctest.Test(t, func(t *testing.T) {
			// Editor goes away once the load has looked.
			var srv *permittest.Server
			gone := false
			srv = permittest.New(permittest.Options{UnknownRole: status, Faults: func(r *http.Request) httpapitest.Fault {
				if r.Method == http.MethodPut && !gone {
					gone = true
					deleteInPermit(t, srv, "/v2/schema/default/dev/roles/Editor")
				}
				return httpapitest.Fault{}
			}})
			want := usersWithRoles(30)
			srv.Seed(permittest.State{Roles: want.Roles})
			got := load(t.Context(), srv, linesFor(want))
			wantCode(t, got, tool.Rejected)
			kept := slices.DeleteFunc(slices.Clone(want.Assignments), func(a permittest.Assignment) bool { return a.Role == "Editor" })
			if diff := cmp.Diff(kept, srv.State().Assignments); diff != "" {
				t.Errorf("assignments (-want +got):\n%s", diff)
			}
			// Each once, although some lack more than one.
			if n := len(rejectedLines(t, got.out)); n != 14 || got.report.ledger.Tallies()["user"].NotLoaded != 14 {
				t.Errorf("%d lines left, want the 14 who hold Editor", n)
			}
		})
	}
}

// 409 on a resource instance of another tenant is no yes.
func TestConflictOnAnotherTenantsInstanceIsARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		have := threeUsers("bob admin org")
		have.Assignments[0].ResourceInstance = "doc:1"
		srv.Seed(have)
		input := `{"type":"user","key":"ann","role_assignments":[{"role":"admin","tenant":"default","resource_instance":"doc:1"}]}` + "\n" +
			`{"type":"user","key":"bob","role_assignments":[{"role":"admin","resource_instance":"doc:1"}]}` + "\n" + endLine
		got := load(t.Context(), srv, input)
		wantCode(t, got, tool.Rejected)
		if diff := cmp.Diff([]string{"ann"}, rejectedKeys(t, got.out)); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
	})
}

// One record that is too large costs a few calls and not the size of all.
func TestTooLargeRecordCostsFewCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{MaxBody: 1 << 20})
		_, input := bareUsers(9000)
		input = strings.Replace(input, `"key":"u000007",`, `"key":"u000007","attributes":{"x":"`+strings.Repeat("y", 1<<20)+`"},`, 1)
		got := load(t.Context(), srv, input)
		wantCode(t, got, tool.Rejected)
		if n := countBulkCalls(srv); n > 25 || len(srv.State().Users) != 8999 {
			t.Errorf("%d bulk calls, %d users", n, len(srv.State().Users))
		}
	})
}

// What a refusal for size teaches holds for the whole run.
func TestBatchSizeIsLearnt(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 413, 422} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{Oversize: status, Caps: permittest.Caps{Users: 150, Assignments: 150}})
				want := usersWithRoles(400)
				wantLoaded(t, srv, linesFor(want), want)
				refused := 0
				for _, call := range srv.Calls() {
					if call.Status == status {
						refused++
					}
				}
				// 400 and 200 users, 600 and 300 assignments; a 422 may mean anything, so
				// it teaches nothing.
				most := 2 + 2
				if status == 422 {
					most = 3 + 3
				}
				if refused > most {
					t.Errorf("%d calls were too large, want at most %d", refused, most)
				}
			})
		})
	}
	t.Run("by bytes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{MaxBody: 4000})
			want := usersWithRoles(300)
			wantLoaded(t, srv, linesFor(want), want)
		})
	})
}

// A key that may read but not write is no reason to halve for ever, nor to put
// a million lines on stdout.
func TestKeyThatMayNotWriteStopsTheLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.Method != http.MethodGet {
				return httpapitest.Fault{Status: http.StatusForbidden, Body: `{"error_code":"FORBIDDEN_ACCESS","message":"read only"}`}
			}
			return httpapitest.Fault{}
		}})
		_, input := bareUsers(3000)
		got := load(t.Context(), srv, input)
		wantCode(t, got, tool.Stopped)
		if got.out != "" || countWrites(srv) > 6 {
			t.Errorf("%d writes, stdout: %.200s", countWrites(srv), got.out)
		}
	})
}
