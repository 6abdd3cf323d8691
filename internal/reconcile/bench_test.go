package reconcile_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// The time for an assignment must not grow with the number of a user's assignments:
// compare ns/assignment.
func BenchmarkAssignmentsOfOneUser(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("assignments=%d", n), func(b *testing.B) {
			u := &record.User{Key: "a"}
			for i := range n {
				u.RoleAssignments = append(u.RoleAssignments, record.RoleAssignment{Role: "r", Tenant: "t" + strconv.Itoa(i)})
			}
			for b.Loop() {
				d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
				d.WantUser(u)
				d.Finish()
				p := planAgainst(d, func(c *reconcile.Current) {
					if i, ok := c.HaveUser(u.Key, ""); ok {
						c.Compare(i, u, u)
					}
					for _, a := range u.RoleAssignments {
						c.HaveAssignment(u.Key, a, time.Time{})
					}
				})
				if p.Counts.Assigned != n || p.Counts.Assign != 0 {
					b.Fatalf("counts %+v", p.Counts)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/assignment")
		})
	}
}
