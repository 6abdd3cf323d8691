package permitload

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// What somebody else has made since the look is left out of a second call; it
// is no reason to halve.
func TestRecordsMadeMeanwhileAreLeftOut(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"POST F/bulk/tenants", "POST F/role_assignments/bulk"} {
		synctest.Test(t, func(t *testing.T) {
			want := usersWithRoles(40)
			var theirs permittest.State
			for i := range 60 {
				key := fmt.Sprintf("org_%02d", i)
				want.Tenants = append(want.Tenants, permittest.Tenant{Key: key, Name: key})
			}
			theirs.Tenants = want.Tenants[30:31]
			if call != "POST F/bulk/tenants" {
				theirs = permittest.State{Assignments: want.Assignments[30:33]}
			}
			var srv *permittest.Server
			srv = permittest.New(permittest.Options{Faults: onCall(call, func() { srv.Seed(theirs) })})
			input := linesFor(want)
			wantLoaded(t, srv, input, want)
			if n := countBulkCalls(srv); n != 4 || countWrites(srv) != 4+3 {
				t.Errorf("%s: %d bulk calls and %d writes, want one more than 3, and 3 for roles", call, n, countWrites(srv))
			}
		})
	}
}

// Users who go away after the look cost few calls too: they are not late, so
// there is nothing to wait for.
func TestUsersDeletedMeanwhileCostFewCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var srv *permittest.Server
		gone := []string{"u000017", "u000318", "u000500", "u000919"}
		srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if strings.HasSuffix(r.URL.Path, "/role_assignments/bulk") {
				for _, key := range gone {
					deleteInPermit(t, srv, "/v2/facts/default/dev/users/"+key)
				}
				gone = nil
			}
			return httpapitest.Fault{}
		}})
		want, _ := bareUsers(1000)
		want.Roles = usersWithRoles(0).Roles[:1]
		srv.Seed(want)
		for _, u := range want.Users {
			want.Assignments = append(want.Assignments, permittest.Assignment{User: u.Key, Role: "Admin", Tenant: "default"})
		}
		start := time.Now()
		got := load(t.Context(), srv, linesFor(want))
		wantCode(t, got, tool.Rejected)
		if diff := cmp.Diff([]string{"u000017 NOT_FOUND", "u000318 NOT_FOUND", "u000500 NOT_FOUND", "u000919 NOT_FOUND"}, rejectedCodes(t, got.out)); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
		if n := len(srv.State().Assignments); n != 996 {
			t.Errorf("%d assignments", n)
		}
		if n := countBulkCalls(srv); n > 35 {
			t.Errorf("%d bulk calls, want at most 35", n)
		}
		if took := time.Since(start); took > 5*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

// What others do while a load runs.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	t.Run("an assignment goes while they are listed", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{Envelopes: true})
			want := usersWithRoles(2000)
			srv.Seed(want)
			met := false
			got := load(t.Context(), beforeEachCall(srv, func(r *http.Request, call string) {
				if call == "GET F/role_assignments" && r.URL.Query().Get("page") == "2" && !met {
					met = true
					deleteInPermit(t, srv, factsPath+"/users/auth0%7C000001")
				}
			}), linesFor(want))
			wantCode(t, got, tool.Done)
		})
	})
	t.Run("a user goes before its assignments are asked for", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{UnknownFilter: 404})
			want := usersWithRoles(40)
			have := permittest.State{Roles: want.Roles}
			for _, u := range want.Users {
				have.Users = append(have.Users, permittest.User{Key: u.Key, FirstName: "Old"})
			}
			srv.Seed(have)
			met := false
			got := load(t.Context(), beforeEachCall(srv, func(_ *http.Request, call string) {
				if call == "GET F/role_assignments" && !met {
					met = true
					deleteInPermit(t, srv, factsPath+"/users/auth0%7C000003")
				}
			}), linesFor(want))
			wantCode(t, got, tool.Done)
			wantState(t, srv, want)
		})
	})
	t.Run("a role is given again after the input was true", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			have := threeUsers("ann admin default")
			srv.Seed(have)
			time.Sleep(time.Hour)
			asOf, met := time.Now(), false
			input := defaultTenantLine + roleLines + annWithoutRoles + `{"type":"user","key":"bob","first_name":"Bob"}` + "\n" + endLineAt(asOf)
			got := load(t.Context(), beforeEachCall(srv, func(r *http.Request, _ string) {
				if r.Method == http.MethodPut && !met {
					met = true
					q := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, factsPath+"/role_assignments", strings.NewReader(`{"user":"ann","role":"admin","tenant":"default"}`))
					q.Header.Set("Authorization", "Bearer "+permittest.DefaultKey)
					q.Header.Set("Content-Type", "application/json")
					srv.ServeHTTP(discard{}, q)
					time.Sleep(time.Minute)
					srv.Seed(permittest.State{Assignments: roleAssignments("ann admin default")})
				}
			}), input, func(c *loadSettings) { c.replaceRoles = true })
			wantCode(t, got, tool.Done)
			if n := len(srv.State().Assignments); n != 1 {
				t.Errorf("%d assignments", n)
			}
		})
	})
}
