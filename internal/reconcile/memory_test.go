package reconcile_test

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// planOfUsers returns a plan for n users with that many assignments each. Permit has
// all the users, but none of their roles.
func planOfUsers(n, assignments int) *reconcile.Plan {
	d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
	roles := make([]record.RoleAssignment, assignments)
	for i := range roles {
		roles[i] = record.RoleAssignment{Role: "role-" + strconv.Itoa(i)}
	}
	for i := range n {
		u := numberedUser(i)
		u.RoleAssignments = roles
		d.WantUser(u)
	}
	d.Finish()
	c := reconcile.NewCurrent(d)
	for i := range n {
		u := numberedUser(i)
		c.HaveUser(u.Key, u.Email)
		c.Compare(i, u, u)
	}
	return reconcile.Diff(d, c)
}

func numberedUser(i int) *record.User {
	return &record.User{Key: fmt.Sprintf("auth0|%024d", i), Email: fmt.Sprintf("user%d@acme.com", i)}
}

// planOfTenants returns a plan for n tenants with lines, and a user who is in all of
// them.
func planOfTenants(n int) *reconcile.Plan {
	d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
	u := &record.User{Key: "a"}
	for i := range n {
		key := fmt.Sprintf("org_%020d", i)
		d.WantTenant(&record.Tenant{Key: key, Name: "The Company " + key})
		u.RoleAssignments = append(u.RoleAssignments, record.RoleAssignment{Role: "r", Tenant: key})
	}
	d.WantUser(u)
	d.Finish()
	return planAgainst(d, emptyPermit)
}

// heapOf returns the bytes that a plan takes on the heap.
func heapOf(tb testing.TB, plan func() *reconcile.Plan) float64 {
	tb.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p := plan()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if p.Users() == 0 {
		tb.Fatal("the plan is empty")
	}
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}

// A plan must not hold records. Not parallel, since it measures the heap.
func TestMemoryByUserAndAssignment(t *testing.T) {
	const n = 30_000
	alone := heapOf(t, func() *reconcile.Plan { return planOfUsers(n, 0) })
	with := heapOf(t, func() *reconcile.Plan { return planOfUsers(n, 4) })
	t.Logf("%.2f B/user %.3f B/assignment", alone/n, (with-alone)/(4*n))
	if got := alone / n; got > 128 {
		t.Errorf("%.0f bytes per user, want at most 128", got)
	}
	if got := (with - alone) / (4 * n); got > 24 {
		t.Errorf("%.0f bytes per assignment, want at most 24", got)
	}
}

func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("users=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				alone := heapOf(b, func() *reconcile.Plan { return planOfUsers(n, 0) })
				with := heapOf(b, func() *reconcile.Plan { return planOfUsers(n, 4) })
				b.ReportMetric(alone/float64(n), "B/user")
				b.ReportMetric((with-alone)/float64(4*n), "B/assignment")
			}
		})
	}
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("tenants=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.ReportMetric(heapOf(b, func() *reconcile.Plan { return planOfTenants(n) })/float64(n), "B/tenant")
			}
		})
	}
}
