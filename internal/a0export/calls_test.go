package a0export

import (
	"fmt"
	"strings"
	"testing"

	"a0permit/internal/auth0/auth0test"
)

// BenchmarkCalls counts the calls of an export of a tenant like the sandbox's.
// Permit's script (Auth0 guide, step 3) makes one call a user for its roles,
// and one for the list of all roles.
func BenchmarkCalls(b *testing.B) {
	for _, users := range []int{1000, 10_000, 100_000} {
		for _, args := range [][]string{nil, {"--organizations"}, {"--source", "search"}} {
			name := fmt.Sprintf("users=%d/%s", users, strings.Join(args, "="))
			b.Run(name, func(b *testing.B) {
				if users > 10_000 && len(args) == 2 {
					b.Skip("the fake's search looks at every user for each page")
				}
				for b.Loop() {
					s := auth0test.New(auth0test.Sample(users), auth0test.Options{})
					if r := runInBubble(b.Context(), s, args...); r.code != 0 {
						b.Fatal(r.errs)
					}
					b.ReportMetric(float64(len(s.Calls())), "calls")
					b.ReportMetric(float64(len(s.Calls()))*1000/float64(users), "calls/1000_users")
				}
			})
		}
	}
}
