package permitload

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// plain is n users without anything but a key and an email, and as lines.
func plain(n int) (permittest.State, string) {
	s := permittest.State{Tenants: crowd(0).Tenants}
	var b strings.Builder
	for i := range n {
		key := fmt.Sprintf("u%06d", i)
		s.Users = append(s.Users, permittest.User{Key: key, Email: key + "@acme.example"})
		fmt.Fprintf(&b, `{"type":"user","key":%q,"email":"%[1]s@acme.example"}`+"\n", key)
	}
	return s, b.String() + end
}

// Four users in 3,500 that Permit refuses cost few calls, and nobody else.
func TestFewThatAreRefused(t *testing.T) {
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
				want, input := plain(tt.users)
				var codes, keys []string
				for _, i := range bad {
					key := want.Users[i].Key
					keys, codes = append(keys, key), append(codes, fmt.Sprint(key, " ", tt.code, " ", tt.status))
					if tt.domain != "" {
						input = strings.Replace(input, key+"@acme.example", key+tt.domain, 1)
					}
				}
				got := bring(t.Context(), srv, input)
				wantCode(t, got, tool.Rejected)
				want.Users = slices.DeleteFunc(want.Users, func(u permittest.User) bool { return slices.Contains(keys, u.Key) })
				if tt.domain == "" {
					want.Users = append(want.Users, taken.Users...)
				}
				slices.SortFunc(want.Users, func(a, b permittest.User) int { return strings.Compare(a.Key, b.Key) })
				wantState(t, srv, want)
				var left []string
				for _, l := range leftLines(t, got.out) {
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
				if n := bulkCalls(srv); n > most {
					t.Errorf("%d bulk calls, want at most %d", n, most)
				}
				if n, most := calls(srv, "PUT F/users/"), 4*50; n > most {
					t.Errorf("%d single calls, want at most %d", n, most)
				}
			})
		})
	}
}

// What everybody meets is not anybody's fault: the load stops soon, and says so.
// (Others' tools report each of a million records, or none of them.)
func TestAllAreRefusedAlike(t *testing.T) {
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
					if strings.HasPrefix(abbreviated(r.Method, r.URL.EscapedPath()), tt.call) {
						return httpapitest.Fault{Status: tt.status, Body: `{"error_code":"X","message":"not today"}`}
					}
					return httpapitest.Fault{}
				}})
				input := records(crowd(100))
				got := bring(t.Context(), srv, input)
				wantCode(t, got, tool.Stopped)
				if got.err == nil || !strings.Contains(got.err.Error(), "20 records in a row were refused alike, so the cause is not theirs") {
					t.Errorf("error: %v", got.err)
				}
				if n := len(srv.State().Users); n != tt.users || len(srv.State().Assignments) > 0 {
					t.Errorf("%d users and %d assignments", n, len(srv.State().Assignments))
				}
				if n := writes(srv); n > 3+1+2*(3+20) { // a user not found is looked for, and tried once more
					t.Errorf("%d writes to find that out", n)
				}
				refused, reached := 0, 0
				for _, l := range leftLines(t, got.out) {
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

// Users who go away after the look cost few calls too: they are not late, so
// there is nothing to wait for.
func TestUsersThatAreDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var srv *permittest.Server
		gone := []string{"u000017", "u000318", "u000500", "u000919"}
		srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if strings.HasSuffix(r.URL.Path, "/role_assignments/bulk") {
				for _, key := range gone {
					deleted(t, srv, "/v2/facts/default/dev/users/"+key)
				}
				gone = nil
			}
			return httpapitest.Fault{}
		}})
		want, _ := plain(1000)
		want.Roles = crowd(0).Roles[:1]
		srv.Seed(want)
		for _, u := range want.Users {
			want.Assignments = append(want.Assignments, permittest.Assignment{User: u.Key, Role: "Admin", Tenant: "default"})
		}
		start := time.Now()
		got := bring(t.Context(), srv, records(want))
		wantCode(t, got, tool.Rejected)
		if diff := cmp.Diff([]string{"u000017 NOT_FOUND", "u000318 NOT_FOUND", "u000500 NOT_FOUND", "u000919 NOT_FOUND"}, codes(t, got.out)); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
		if n := len(srv.State().Assignments); n != 996 {
			t.Errorf("%d assignments", n)
		}
		if n := bulkCalls(srv); n > 35 {
			t.Errorf("%d bulk calls, want at most 35", n)
		}
		if took := time.Since(start); took > 5*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

// remove is somebody else's call.
func deleted(t *testing.T, srv *permittest.Server, path string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+permittest.DefaultKey)
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	if w.Code != http.StatusNoContent {
		t.Errorf("DELETE %s: %d", path, w.Code)
	}
}

// One assignment that Permit refuses costs its user's line, and nobody else's.
func TestAssignmentThatIsRefused(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 422} {
		synctest.Test(t, func(t *testing.T) {
			// Editor goes away once the load has looked.
			var srv *permittest.Server
			gone := false
			srv = permittest.New(permittest.Options{UnknownRole: status, Faults: func(r *http.Request) httpapitest.Fault {
				if r.Method == http.MethodPut && !gone {
					gone = true
					deleted(t, srv, "/v2/schema/default/dev/roles/Editor")
				}
				return httpapitest.Fault{}
			}})
			want := crowd(30)
			srv.Seed(permittest.State{Roles: want.Roles})
			got := bring(t.Context(), srv, records(want))
			wantCode(t, got, tool.Rejected)
			kept := slices.DeleteFunc(slices.Clone(want.Assignments), func(a permittest.Assignment) bool { return a.Role == "Editor" })
			if diff := cmp.Diff(kept, srv.State().Assignments); diff != "" {
				t.Errorf("assignments (-want +got):\n%s", diff)
			}
			// Each once, although some lack more than one.
			if n := len(leftLines(t, got.out)); n != 14 || got.report.ledger.Tallies()["user"].NotLoaded != 14 {
				t.Errorf("%d lines left, want the 14 who hold Editor", n)
			}
		})
	}
}
