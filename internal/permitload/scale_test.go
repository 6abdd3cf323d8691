package permitload

import (
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

var (
	full       = flag.Bool("full", false, "run TestLargeLoad and TestRandomFaults in full, which takes longer")
	largeUsers = flag.Int("users", 0, "how many users TestLargeLoad loads (0: 24,000; under -full 400,000)")
	largeAgain = flag.Bool("again", false, "have TestLargeLoad load them once more, which takes twice as long")
)

// sizeOf returns the size that a flag sets. If that is 0, it is the usual one, or that of
// -full.
func sizeOf(flagged, usual, inFull int) int {
	switch {
	case flagged > 0:
		return flagged
	case *full:
		return inFull
	}
	return usual
}

// If Permit has half of the input, only the other half is written.
func TestOnlyTheMissingHalfIsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		want := usersWithRoles(7000)
		half := permittest.State{Roles: want.Roles[:1], Users: want.Users[:3500]}
		for i, a := range want.Assignments {
			if i%2 == 0 && a.Role == want.Roles[0].Key && a.User < want.Users[3500].Key {
				half.Assignments = append(half.Assignments, a)
			}
		}
		srv := permittest.New(permittest.Options{})
		srv.Seed(half)
		wantReport(t, load(t.Context(), srv, linesFor(want)), tool.Done)
		wantState(t, srv, want)
		isThere := map[permittest.Assignment]bool{}
		for _, a := range half.Assignments {
			isThere[a] = true
		}
		var roles []string
		users, assigned := 0, 0
		for _, call := range srv.Calls() {
			switch shortCall(call.Method, call.Path) {
			case "POST S/roles":
				var r struct{ Key string }
				decodeJSON(t, call.Body, &r)
				roles = append(roles, r.Key)
			case "PUT F/bulk/users":
				var b struct{ Operations []permit.User }
				decodeJSON(t, call.Body, &b)
				for _, u := range b.Operations {
					assigned += len(u.RoleAssignments)
					if u.Key < want.Users[3500].Key {
						t.Fatalf("%s was there", u.Key)
					}
				}
				users += len(b.Operations)
			case "POST F/role_assignments/bulk":
				var b []permittest.Assignment
				decodeJSON(t, call.Body, &b)
				for _, a := range b {
					if isThere[a] {
						t.Fatalf("%v was there", a)
					}
				}
				assigned += len(b)
			}
		}
		missing := len(want.Assignments) - len(half.Assignments)
		if len(roles) != 2 || users != 3500 || assigned != missing {
			t.Errorf("%v, %d users and %d assignments were written, want 2 roles, 3,500 and %d",
				roles, users, assigned, missing)
		}
	})
}

// Under Permit's published limits, users with one role each go in full batches, draw no
// 429, and wait no longer than the limits require. A smaller load has a lower limit for
// bulk calls, so that it waits as often.
func TestLargeLoad(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes its time")
	}
	n, bulkCalls := sizeOf(*largeUsers, 24_000, 400_000), permit.BulkCalls
	if *largeUsers == 0 && !*full {
		bulkCalls = 6
	}
	t.Run("published limits", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { loadMany(t, n, bulkCalls, false, *largeAgain) })
	})
	t.Run("wide classes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { loadMany(t, n/10, bulkCalls, true, true) })
	})
}

// loadMany loads n users with a limit of bulkCalls in ten minutes, and again if asked to.
// With wide, a call counts in every class that it fits.
func loadMany(t *testing.T, n, bulkCalls int, wide, again bool) {
	t.Helper()
	classes, err := rates([]string{fmt.Sprintf("bulk=%d/10m", bulkCalls)})
	if err != nil {
		t.Fatal(err)
	}
	rate := func(c *loadSettings) { c.classes = classes }
	limits := permittest.PublishedLimits()
	for i := range limits {
		if limits[i].Class == permittest.ClassBulk {
			limits[i].Calls = bulkCalls
		}
	}
	var users, assignments, all atomic.Int64
	srv := permittest.New(permittest.Options{
		WideClasses: wide, Forget: true, Limits: limits,
		Faults: func(r *http.Request) httpapitest.Fault {
			all.Add(1)
			switch shortRequest(r) {
			case "PUT F/bulk/users":
				users.Add(1)
			case "POST F/role_assignments/bulk":
				assignments.Add(1)
			}
			return httpapitest.Fault{}
		},
	})
	var input strings.Builder
	input.WriteString(`{"type":"role","key":"Admin"}` + "\n")
	for i := range n {
		fmt.Fprintf(&input, `{"type":"user","key":"auth0|%06d","email":"u%[1]d@acme.example",`+
			`"role_assignments":[{"role":"Admin"}]}`+"\n", i)
	}
	input.WriteString(endLine)
	wantUsers, wantAssignments := (n+2999)/3000, 0 // roles go along
	wantBulkCalls := func() {
		t.Helper()
		u, a := int(users.Load()), int(assignments.Load())
		if u != wantUsers || a != wantAssignments || srv.Refused() > 0 {
			t.Errorf("%d + %d bulk calls and %d answers of 429; want %d + %d and none",
				u, a, srv.Refused(), wantUsers, wantAssignments)
		}
	}

	began := time.Now()
	wantReport(t, load(t.Context(), srv, input.String(), rate), tool.Done)
	wantBulkCalls()
	if s := srv.State(); len(s.Users) != n || len(s.Assignments) != n {
		t.Errorf("%d users and %d assignments", len(s.Users), len(s.Assignments))
	}
	// The first bulk calls go at once, and as many every ten minutes after that.
	took := time.Since(began)
	windows := (wantUsers + wantAssignments - 1) / bulkCalls
	if took > time.Duration(windows)*10*time.Minute+2*time.Minute { // and a look at the last calls
		t.Errorf("took %s, want %d windows of ten minutes", took, windows)
	}
	t.Logf("wide %t: %d users by %d calls in %s", wide, n, all.Load(), took.Round(time.Second))
	if !again {
		return
	}

	// The second time everything is read, and nothing written.
	before := all.Load()
	time.Sleep(15 * time.Minute)
	began = time.Now()
	wantReport(t, load(t.Context(), srv, input.String(), rate), tool.Done)
	t.Logf("again: %d calls in %s", all.Load()-before, time.Since(began).Round(time.Second))
	wantBulkCalls()
}
