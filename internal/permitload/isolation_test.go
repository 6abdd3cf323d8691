package permitload

import (
	"fmt"
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

// Four refused users among thousands cost few calls, and keep nobody else out.
func TestRefusedUsersCostFewCalls(t *testing.T) {
	t.Parallel()
	unnamed, named := permittest.Options{DuplicateEmail: 422}, permittest.Options{StrictEmails: true}
	tests := []struct {
		name    string
		options permittest.Options
		users   int
		domain  string // of their emails; empty if somebody else takes their emails
		code    string
		status  int
	}{
		{"with 409", permittest.Options{DuplicateEmail: 409}, 3500, "", "DUPLICATE_ENTITY", 409},
		{"with 422 that does not say which", unnamed, 700, "", "INVALID_INPUT", 422},
		{"with 422 that says which", named, 700, "@acme.test", "Unprocessable Entity", 422},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				want, input := bareUsers(tt.users)
				var refused, rejected []string
				var takers permittest.State
				for _, i := range []int{7, tt.users * 2 / 5, tt.users * 6 / 7, tt.users - 1} {
					u := want.Users[i]
					refused = append(refused, u.Key)
					rejected = append(rejected, fmt.Sprint(u.Key, " ", tt.code, " ", tt.status))
					if tt.domain != "" {
						input = strings.Replace(input, u.Email, u.Key+tt.domain, 1)
					} else {
						taker := permittest.User{Key: fmt.Sprintf("zoe%d", i), Email: u.Email}
						takers.Users = append(takers.Users, taker)
					}
				}
				// The emails are taken after the load has read what Permit has.
				var srv *permittest.Server
				tt.options.Faults = onCall("PUT F/bulk/users", func() { srv.Seed(takers) })
				srv = permittest.New(tt.options)
				got := load(t.Context(), srv, input)
				wantReport(t, got, tool.Rejected)

				want.Users = slices.DeleteFunc(want.Users, func(u permittest.User) bool {
					return slices.Contains(refused, u.Key)
				})
				want.Users = append(want.Users, takers.Users...)
				slices.SortFunc(want.Users, func(a, b permittest.User) int { return strings.Compare(a.Key, b.Key) })
				wantState(t, srv, want)
				var left []string
				for _, l := range rejectedLines(t, got.stdout) {
					if l.Error.Retryable {
						t.Errorf("%v would succeed as it is", l.Key)
					}
					left = append(left, fmt.Sprint(l.Key, " ", l.Error.Code, " ", l.Error.Status))
				}
				if diff := cmp.Diff(rejected, left); diff != "" {
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

// Only refusals in a row count as alike, since half of a batch may be bad.
func TestHalfOfABatchIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			call := shortRequest(r)
			if call == "PUT F/bulk/users" || r.Method == http.MethodPut && strings.ContainsAny(call[len(call)-1:], "13579") {
				return httpapitest.Fault{Status: 409, Body: `{"error_code":"DUPLICATE_ENTITY"}`}
			}
			return httpapitest.Fault{}
		}})
		_, input := bareUsers(50)
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Rejected)
		if n, left := len(srv.State().Users), len(rejectedLines(t, got.stdout)); n != 25 || left != 25 {
			t.Errorf("%d users, and %d lines left", n, left)
		}
	})
}

// If all records are refused alike, the cause is not in them. The load soon stops and
// says so, instead of rejecting a million lines.
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
				srv := permittest.New(permittest.Options{Inline: apart, Faults: func(r *http.Request) httpapitest.Fault {
					if strings.HasPrefix(shortRequest(r), tt.call) {
						return httpapitest.Fault{Status: tt.status, Body: `{"error_code":"X","message":"not today"}`}
					}
					return httpapitest.Fault{}
				}})
				input := linesFor(usersWithRoles(100))
				got := load(t.Context(), srv, input)
				wantReport(t, got, tool.Stopped)
				const says = "20 records in a row were refused alike, and so were others, so the cause is not in them"
				if got.err == nil || !strings.Contains(got.err.Error(), says) {
					t.Errorf("error: %v", got.err)
				}
				if n := len(srv.State().Users); n != tt.users || len(srv.State().Assignments) > 0 {
					t.Errorf("%d users and %d assignments", n, len(srv.State().Assignments))
				}
				// A user who is not found is looked up, and tried once more.
				if n := countWrites(srv); n > 3+1+2*(3+20) {
					t.Errorf("%d writes to find that out", n)
				}
				refused, notReached := 0, 0
				for _, l := range rejectedLines(t, got.stdout) {
					if l.Error.Code == "X" {
						refused++
					} else if l.Error.Code == "not_reached" && l.Error.Retryable {
						notReached++
					}
				}
				// 25 of 100 users hold no role. The assignments of a user fail together.
				if all := 100 - tt.users/4; refused+notReached != all || refused > 20 || refused == 0 {
					t.Errorf("%d refused and %d not reached of %d", refused, notReached, all)
				}
				if tally := got.report.ledger.Tallies()["user"]; tally.NotLoaded != refused+notReached {
					t.Errorf("the report says %+v", tally)
				}
			})
		})
	}
}

// A refused role assignment keeps out its user, and nobody else.
func TestRefusedAssignmentCostsItsUserAlone(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 422} {
		synctest.Test(t, func(t *testing.T) {
			// Editor is deleted after the load has listed the roles.
			var srv *permittest.Server
			deleteEditor := func() { deleteInPermit(t, srv, schemaPath+"/roles/Editor") }
			srv = permittest.New(permittest.Options{
				UnknownRole: status, Faults: onCall("PUT F/bulk/users", deleteEditor),
			})
			want := usersWithRoles(30)
			srv.Seed(permittest.State{Roles: want.Roles})
			got := load(t.Context(), srv, linesFor(want))
			wantReport(t, got, tool.Rejected)
			wantAssignments(t, srv, slices.DeleteFunc(want.Assignments, func(a permittest.Assignment) bool {
				return a.Role == "Editor"
			}))
			// Each comes out once, although some lack more than one.
			if n := len(rejectedLines(t, got.stdout)); n != 14 || got.report.ledger.Tallies()["user"].NotLoaded != 14 {
				t.Errorf("%d lines left, want the 14 who hold Editor", n)
			}
		})
	}
}

// A 409 means that the assignment exists, or that the resource instance is in another
// tenant.
func TestConflictOnAnotherTenantsInstanceIsARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		have := threeUsers("bob admin org")
		have.Assignments[0].ResourceInstance = "doc:1"
		srv.Seed(have)
		input := lines(
			`{"type":"user","key":"ann","role_assignments":`+
				`[{"role":"admin","tenant":"default","resource_instance":"doc:1"}]}`,
			`{"type":"user","key":"bob","role_assignments":[{"role":"admin","resource_instance":"doc:1"}]}`,
		) + endLine
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Rejected)
		if diff := cmp.Diff([]string{"ann"}, rejectedKeys(t, got.stdout)); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
	})
}

// A record that is too large costs a few calls, and does not make later batches smaller.
func TestTooLargeRecordCostsFewCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{MaxBody: 1 << 20})
		_, input := bareUsers(9000)
		const key = `"key":"u000007",`
		input = strings.Replace(input, key, key+`"attributes":{"x":"`+strings.Repeat("y", 1<<20)+`"},`, 1)
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Rejected)
		if n := countBulkCalls(srv); n > 25 || len(srv.State().Users) != 8999 {
			t.Errorf("%d bulk calls, %d users", n, len(srv.State().Users))
		}
	})
}

// A batch that was too large makes later batches of the run smaller.
func TestBatchSizeIsLearnt(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 413, 422} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{
					Inline: permittest.InlineIgnored, Oversize: status, Caps: permittest.Caps{Users: 150, Assignments: 150},
				})
				want := usersWithRoles(400)
				wantLoaded(t, srv, linesFor(want), want)
				refused := 0
				for _, call := range srv.Calls() {
					if call.Status == status {
						refused++
					}
				}
				// 400 and 200 users, 600 and 300 assignments. A 422 may mean anything, so
				// it teaches no size.
				most := 2 + 2
				if status == 422 {
					most = 3 + 3 + 1 // with the roles of the users
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

// With a key that may read but not write, the load neither halves its batches down to one
// nor puts a million lines on stdout.
func TestKeyThatMayNotWriteStopsTheLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		readOnly := httpapitest.Fault{Status: 403, Body: `{"error_code":"FORBIDDEN_ACCESS","message":"read only"}`}
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.Method != http.MethodGet {
				return readOnly
			}
			return httpapitest.Fault{}
		}})
		_, input := bareUsers(3000)
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Stopped)
		if got.stdout != "" || countWrites(srv) > 6 {
			t.Errorf("%d writes, stdout: %.200s", countWrites(srv), got.stdout)
		}
	})
}

// A 409 for a role or a tenant may be about another conflict. A record that does not
// exist is rejected.
func TestConflictIsNotTakenForCreated(t *testing.T) {
	t.Parallel()
	for call, key := range map[string]string{"POST S/roles": "r", "POST F/tenants": "t"} {
		synctest.Test(t, func(t *testing.T) {
			refuseBulk := faultOn("POST F/bulk/tenants", httpapitest.Fault{Status: 409}, 1)
			refuseOne := faultOn(call, httpapitest.Fault{Status: 409}, 1)
			srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
				if shortRequest(r) == call {
					return refuseOne(r)
				}
				return refuseBulk(r)
			}})
			input := lines(`{"type":"role","key":"r","name":"R"}`, `{"type":"tenant","key":"t","name":"T"}`)
			got := load(t.Context(), srv, input+endLine)
			wantReport(t, got, tool.Rejected)
			if diff := cmp.Diff([]string{key + " Conflict"}, rejectedCodes(t, got.stdout)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}

// A 409 for one assignment may be about another conflict. The list decides: if it does
// not show the assignment, the line is rejected; if it shows it late, the line counts.
func TestConflictIsNotTakenForDone(t *testing.T) {
	t.Parallel()
	const bulk, single = "POST F/role_assignments/bulk", "POST F/role_assignments"
	synctest.Test(t, func(t *testing.T) {
		refuseBulk := faultOn(bulk, httpapitest.Fault{Status: 409}, 1)
		refuseOne := faultOn(single, httpapitest.Fault{Status: 409}, 1)
		srv := permittest.New(permittest.Options{Inline: apart, Faults: func(r *http.Request) httpapitest.Fault {
			if shortRequest(r) == bulk {
				return refuseBulk(r)
			}
			return refuseOne(r)
		}})
		want := usersWithRoles(8)
		got := load(t.Context(), srv, linesFor(want))
		wantReport(t, got, tool.Rejected, "users: 7 added, 1 left over")
		wantReport(t, load(t.Context(), srv, got.stdout), tool.Done)
		wantState(t, srv, want)
	})
	synctest.Test(t, func(t *testing.T) {
		loseAnswer := faultOn(single, httpapitest.Fault{Lose: true}, 1)
		refuseBulk := faultOn(bulk, httpapitest.Fault{Status: 409}, 1)
		late := permittest.Options{Inline: apart, AssignmentLag: 20 * time.Second}
		late.Faults = func(r *http.Request) httpapitest.Fault {
			if shortRequest(r) == bulk {
				return refuseBulk(r)
			}
			return loseAnswer(r)
		}
		srv := permittest.New(late)
		want := usersWithRoles(8)
		wantReport(t, load(t.Context(), srv, linesFor(want)), tool.Done)
		wantState(t, srv, want)
	})
}
