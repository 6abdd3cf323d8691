package permitload

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

var seeds = flag.Int("seeds", 300, "how many random loads TestRandomFaults makes")

// Whatever Permit turns out to be like, and with every fifth call struck by a
// fault of any kind: the state is exact in the end, what Permit refuses comes
// out, the calls are few, no limit is broken, and a second load writes nothing.
func TestRandomFaults(t *testing.T) {
	t.Parallel()
	kinds := make([]httpapitest.Fault, 0, len(temporaryFaults))
	for _, name := range slices.Sorted(maps.Keys(temporaryFaults)) {
		kinds = append(kinds, temporaryFaults[name])
	}
	n := *seeds
	if testing.Short() {
		n /= 10
	}
	for seed := range n {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(seed), 1))
				c := drawScenario(r)
				faults := true
				var mu sync.Mutex // calls for single records come side by side
				c.options.Faults = func(*http.Request) httpapitest.Fault {
					mu.Lock()
					defer mu.Unlock()
					if !faults || r.IntN(5) > 0 {
						return httpapitest.Fault{}
					}
					return oneOf(r, append(kinds, httpapitest.Fault{Lose: true}, httpapitest.Fault{Lose: true})...)
				}
				srv := permittest.New(c.options)
				srv.Seed(c.before)
				time.Sleep(time.Hour)
				input := defaultTenantLine + strings.TrimSuffix(linesFor(c.asked), endLine) + endLineAt(time.Now())
				code := tool.Done
				if len(c.refused) > 0 {
					code = tool.Rejected
				}
				set := func(cfg *loadSettings) { cfg.replaceRoles, cfg.verifies = c.replace, true }
				got := load(t.Context(), srv, input, set)
				bulk, all := countBulkCalls(srv), len(srv.Calls())
				wantCode(t, got, code)
				var left []string
				for _, line := range rejectedLines(t, got.out) {
					left = append(left, fmt.Sprint(line.Key))
				}
				slices.Sort(left)
				if !slices.Equal(left, c.refused) {
					t.Errorf("left: %v, want %v", left, c.refused)
				}
				wantState(t, srv, c.want)
				faults = false
				time.Sleep(15 * time.Minute)
				before := countWrites(srv)
				wantCode(t, load(t.Context(), srv, input, set), code)
				if n := countWrites(srv) - before; len(c.refused) == 0 && n > 0 {
					t.Errorf("a second load made %d writes", n)
				}
				wantState(t, srv, c.want)
				if srv.Refused() > 0 {
					t.Errorf("%d answers of 429", srv.Refused())
				}
				// Batches of 20 at the least, each split for culprits and sent again
				// after a fault.
				if bulk > 60 || all > 1200 {
					t.Errorf("%d bulk calls of %d", bulk, all)
				}
				t.Logf("bulk %d all %d", bulk, all)
			})
		})
	}
}

// oneOf is one of the values, at random.
func oneOf[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// drawOptions answers each open question about Permit at random.
func drawOptions(r *rand.Rand) permittest.Options {
	coin := func() bool { return r.IntN(2) == 0 }
	return permittest.Options{
		WideClasses: coin(), RetryAfter: coin(), ErrorBody429: oneOf(r, permittest.Body429Details, permittest.Body429CloudPDP),
		Lag: oneOf(r, 0, 0, 3*time.Second, 30*time.Second), AssignmentLag: oneOf(r, 0, 0, 3*time.Second, 30*time.Second),
		Caps:     oneOf(r, permittest.Caps{}, permittest.Caps{}, permittest.Caps{Users: 120, Assignments: 120}, permittest.Caps{Users: 30, Tenants: 2, Assignments: 20, Roles: 2}),
		Oversize: oneOf(r, 413, 422), MaxBody: oneOf[int64](r, 0, 0, 8000),
		AssignedPair: oneOf(r, permittest.Conflict, permittest.Skip), UnknownRole: oneOf(r, 404, 422), MissingTenant: oneOf(r, 422, 400),
		DuplicateEmail: oneOf(r, 409, 422), ExistingTenant: oneOf(r, 409, 200), UnknownFilter: oneOf(r, 200, 404), UnknownIdent: oneOf(r, 200, 404),
		SerialBulk: oneOf(r, 0, http.StatusConflict, http.StatusLocked), PutOmitted: oneOf(r, permittest.Keep, permittest.Clear),
		PutRoleOmitted: oneOf(r, permittest.Keep, permittest.Clear), PutAssignments: oneOf(r, permittest.Keep, permittest.Clear, permittest.Replace),
		LowerEmails: coin(), StrictEmails: coin(), Envelopes: coin(), Nulls: coin(), PlainDetail: coin(),
	}
}

// scenario is an environment, what is asked of it, and what it must be then.
type scenario struct {
	options permittest.Options
	before  permittest.State
	asked   permittest.State
	want    permittest.State
	refused []string // users that Permit refuses
	replace bool
}

func drawScenario(r *rand.Rand) scenario {
	c := scenario{options: drawOptions(r), asked: usersWithRoles(20 + r.IntN(150)), replace: r.IntN(2) == 0}
	c.asked.Tenants = append(c.asked.Tenants, permittest.Tenant{Key: "org_1", Name: "Acme"}, permittest.Tenant{Key: "org_2", Name: "Big"}, permittest.Tenant{Key: "org_3", Name: "Co"})
	for i := range c.asked.Assignments {
		c.asked.Assignments[i].Tenant = oneOf(r, "default", "org_1", "org_2", "org_3")
	}
	c.before.Roles = slices.Clone(c.asked.Roles[:r.IntN(4)])
	c.before.Tenants = slices.Clone(c.asked.Tenants[:1+r.IntN(4)])
	if len(c.before.Tenants) > 2 && r.IntN(2) == 0 {
		c.before.Tenants[2].Name = "Renamed since"
	}
	holds := map[string]bool{}
	for i := range c.asked.Users {
		u := &c.asked.Users[i]
		after, had := *u, *u
		kind := r.IntN(6)
		if r.IntN(40) == 0 {
			kind, u.Email = 0, fmt.Sprintf("u%d@acme.test", i) // which a newer email-validator refuses
			after.Email = u.Email
			if c.options.StrictEmails {
				c.refused = append(c.refused, u.Key)
				continue
			}
		}
		switch kind {
		case 0, 1, 2: // new
		case 3: // as it is
			c.before.Users, holds[u.Key] = append(c.before.Users, had), true
		case 4: // differs, and has more
			had.FirstName, had.LastName, had.Attributes = "Anne", "Lee", map[string]any{"provider": "db", "theme": "dark"}
			after.LastName, after.Attributes = "Lee", map[string]any{"provider": "google-oauth2", "theme": "dark"}
			if after.Email == "" {
				had.Email = fmt.Sprintf("old%d@acme.example", i)
				after.Email = had.Email
			}
			c.before.Users, holds[u.Key] = append(c.before.Users, had), true
		case 5: // lacks all but its key
			c.before.Users, holds[u.Key] = append(c.before.Users, permittest.User{Key: u.Key}), true
		}
		c.want.Users = append(c.want.Users, after)
	}
	stranger := permittest.User{Key: "zoe", Email: "zoe@acme.example"}
	c.before.Users, c.want.Users = append(c.before.Users, stranger), append(c.want.Users, stranger)
	c.want.Roles, c.want.Tenants = c.asked.Roles, c.asked.Tenants
	for _, a := range c.asked.Assignments {
		if slices.Contains(c.refused, a.User) {
			continue
		}
		c.want.Assignments = append(c.want.Assignments, a)
		if holds[a.User] && r.IntN(3) == 0 && hasRole(c.before, a.Role) && hasTenant(c.before, a.Tenant) {
			c.before.Assignments = append(c.before.Assignments, a)
		}
	}
	// Some hold more than the input says: --roles replace takes it away.
	if len(c.before.Roles) > 0 {
		for _, key := range slices.Sorted(maps.Keys(holds)) {
			a := permittest.Assignment{User: key, Role: c.before.Roles[0].Key, Tenant: c.before.Tenants[0].Key}
			if r.IntN(4) > 0 || slices.Contains(c.before.Assignments, a) || slices.Contains(c.asked.Assignments, a) {
				continue
			}
			c.before.Assignments = append(c.before.Assignments, a)
			if !c.replace {
				c.want.Assignments = append(c.want.Assignments, a)
			}
		}
	}
	// In the order that a state has.
	srv := permittest.New(permittest.Options{})
	srv.Seed(c.want)
	c.want = srv.State()
	return c
}

func hasRole(s permittest.State, key string) bool {
	return slices.ContainsFunc(s.Roles, func(r permittest.Role) bool { return r.Key == key })
}

func hasTenant(s permittest.State, key string) bool {
	return slices.ContainsFunc(s.Tenants, func(t permittest.Tenant) bool { return t.Key == key })
}
