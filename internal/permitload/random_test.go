package permitload

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

var seeds = flag.Int("seeds", 0, "how many random loads TestRandomFaults makes (0: 60; under -full 300)")

// Whatever Permit does, and with a fault at every fifth call: the final state is exact,
// what Permit refuses is rejected, the calls are few, no limit is broken, and a second
// load writes nothing.
func TestRandomFaults(t *testing.T) {
	t.Parallel()
	n := sizeOf(*seeds, 60, 300)
	if testing.Short() {
		n = sizeOf(*seeds, 300, 300) / 10
	}
	// The index of a kind goes into its seeds, so it must not change.
	kinds := []struct {
		name string
		run  func(*testing.T, *rand.Rand)
	}{
		{"", loadAtRandom},
		{" among lies", loadAmongLies},
		{" removed among lies", removeAmongLies},
		{" with flaws", loadWithFlaws},
		{" removed with flaws", removeWithFlaws},
	}
	for seed := range n {
		for i, kind := range kinds {
			t.Run(strconv.Itoa(seed)+kind.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { kind.run(t, rand.New(rand.NewPCG(uint64(seed), uint64(i+1)))) })
			})
		}
	}
}

func loadAtRandom(t *testing.T, r *rand.Rand) {
	t.Helper()
	s := drawScenario(r)
	code := tool.Done
	if len(s.refused) > 0 {
		code = tool.Rejected
	}
	faults := &randomFaults{r: r, on: true}
	s.options.Faults = faults.draw
	srv := permittest.New(s.options)
	srv.Seed(s.before)
	time.Sleep(time.Hour)
	input := defaultTenantLine + linesAsOf(s.asked, time.Now())
	prune := func(c *loadSettings) { c.replaceRoles = s.replace }

	got := load(t.Context(), srv, input, prune, thenVerify)
	bulk, all := countBulkCalls(srv), len(srv.Calls())
	wantReport(t, got, code)
	rejected := rejectedKeys(t, got.stdout)
	slices.Sort(rejected)
	if !slices.Equal(rejected, s.refused) {
		t.Errorf("rejected: %v, want %v", rejected, s.refused)
	}
	wantState(t, srv, s.want)
	// Batches of at least 20, each split for refused users, and sent again after a fault.
	if bulk > 60 || all > 1200 {
		t.Errorf("%d bulk calls of %d", bulk, all)
	}
	t.Logf("bulk %d all %d", bulk, all)

	faults.on = false
	time.Sleep(15 * time.Minute)
	before := countWrites(srv)
	wantReport(t, load(t.Context(), srv, input, prune, thenVerify), code)
	if n := countWrites(srv) - before; len(s.refused) == 0 && n > 0 {
		t.Errorf("a second load made %d writes", n)
	}
	wantState(t, srv, s.want)
	if srv.Refused() > 0 {
		t.Errorf("%d answers of 429", srv.Refused())
	}
}

// loadAmongLies loads while answers lie: lists lack items, and conflicts are none. A load
// that says it is done must be. Any other must have put on stdout what is still to do.
func loadAmongLies(t *testing.T, r *rand.Rand) {
	t.Helper()
	s := drawScenario(r)
	faults := &randomFaults{r: r, on: true, lies: true}
	s.options.Faults = faults.draw
	loadAmong(t, s, &faults.on)
}

// loadWithFlaws does the same while answers have flaws, pages are small, and records
// are poison.
func loadWithFlaws(t *testing.T, r *rand.Rand) {
	t.Helper()
	s := drawScenario(r)
	flaws := s.drawFlaws(t, r)
	s.drawPoison(r)
	s.verifies = r.IntN(3) == 0
	loadAmong(t, s, &flaws.on)
}

// loadAmong loads while on is set, which disturbs the load.
func loadAmong(t *testing.T, s *scenario, on *bool) {
	t.Helper()
	code := tool.Done
	if len(s.refused) > 0 {
		code = tool.Rejected
	}
	srv := permittest.New(s.options)
	srv.Seed(s.before)
	before := srv.State()
	time.Sleep(time.Hour)
	input := defaultTenantLine + linesAsOf(s.asked, time.Now())
	prune := func(c *loadSettings) { c.replaceRoles = s.replace }

	got := load(t.Context(), srv, input, prune, func(c *loadSettings) { c.verifies = s.verifies })
	rejected := rejectedKeys(t, got.stdout)
	slices.Sort(rejected)
	if got.code != code || !slices.Equal(rejected, s.refused) {
		if got.code == tool.Done || got.code == tool.Rejected && len(rejected) == 0 && !s.verifies {
			t.Fatalf("exit code %d, rejected: %v", got.code, rejected)
		}
		*on = false
		time.Sleep(15 * time.Minute)
		if got.stdout == "" && !s.verifies {
			wantState(t, srv, before) // nothing was written, or stdout would not be empty
		}
		load(t.Context(), srv, cmp.Or(got.stdout, input))
		if s.replace { // by the next export
			time.Sleep(15 * time.Minute)
			input = defaultTenantLine + linesAsOf(s.asked, time.Now())
			wantReport(t, load(t.Context(), srv, input, prune), code)
		}
	}
	wantState(t, srv, s.want)
	t.Logf("%v replace %v: %d %v", s.options.PutAssignments, s.replace, got.code, got.err)
}

// removeAmongLies deletes users while answers lie. In any case, the file of --undo brings
// back what went, and a removal that says it is done has deleted all.
func removeAmongLies(t *testing.T, r *rand.Rand) {
	t.Helper()
	s := drawScenario(r)
	faults := &randomFaults{r: r, on: true, lies: true}
	s.options.Faults = faults.draw
	removeAmong(t, s, r, &faults.on)
}

// removeWithFlaws does the same while answers have flaws.
func removeWithFlaws(t *testing.T, r *rand.Rand) {
	t.Helper()
	s := drawScenario(r)
	flaws := s.drawFlaws(t, r)
	removeAmong(t, s, r, &flaws.on)
}

// removeAmong deletes users while on is set, which disturbs the removal.
func removeAmong(t *testing.T, s *scenario, r *rand.Rand, on *bool) {
	t.Helper()
	s.options.StrictEmails = false
	srv := permittest.New(s.options)
	srv.Seed(s.before)
	before := srv.State()
	time.Sleep(time.Hour)
	goes := permittest.State{Users: []permittest.User{{Key: "gone-already"}}}
	for _, u := range before.Users {
		if r.IntN(3) == 0 {
			goes.Users = append(goes.Users, permittest.User{Key: u.Key})
		}
	}
	file := filepath.Join(t.TempDir(), "undo.jsonl")

	got := removeUsers(t.Context(), srv, linesFor(goes), func(c *settings) { c.undo = file })
	time.Sleep(15 * time.Minute)
	after := srv.State()
	t.Logf("code %d of %d", got.code, len(goes.Users)-1)
	if n := len(before.Users) - len(goes.Users) + 1; got.code == tool.Done && len(after.Users) != n {
		t.Errorf("%d users are left, want %d", len(after.Users), n)
	}
	*on = false
	if _, err := os.Stat(file); err == nil {
		wantReport(t, load(t.Context(), srv, readFile(t, file)), tool.Done)
	}
	wantState(t, srv, before)
}

// randomFaults draws a fault for every fifth call.
type randomFaults struct {
	mu   sync.Mutex // single-record calls run in parallel
	r    *rand.Rand
	on   bool
	lies bool // draw answers that lie
}

func (f *randomFaults) draw(r *http.Request) httpapitest.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.on || f.r.IntN(5) > 0 {
		return httpapitest.Fault{}
	}
	if f.lies {
		return f.drawLie(r)
	}
	kinds := make([]httpapitest.Fault, 0, len(temporaryFaults)+2)
	for _, name := range slices.Sorted(maps.Keys(temporaryFaults)) {
		kinds = append(kinds, temporaryFaults[name])
	}
	return oneOf(f.r, append(kinds, httpapitest.Fault{Lose: true}, httpapitest.Fault{Lose: true})...)
}

// drawLie draws an answer that lies, or loses the answer.
func (f *randomFaults) drawLie(r *http.Request) httpapitest.Fault {
	kinds := []httpapitest.Fault{{Lose: true}}
	isList := r.URL.Query().Has("per_page")
	switch {
	case isList:
		for _, body := range []string{`{"data":[],"total_count":150}`, `{"data":[]}`, `[]`} {
			kinds = append(kinds, httpapitest.Fault{Status: http.StatusOK, Body: body})
		}
	case r.Method != http.MethodGet:
		kinds = append(kinds, httpapitest.Fault{Status: http.StatusConflict},
			httpapitest.Fault{Status: http.StatusConflict, Body: `{"error_code":"DUPLICATE_ENTITY","message":"it exists"}`})
	}
	return oneOf(f.r, kinds...)
}

// oneOf draws one of the values.
func oneOf[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// drawOptions draws an answer to each open question about Permit.
func drawOptions(r *rand.Rand) permittest.Options {
	coin := func() bool { return r.IntN(2) == 0 }
	lag := func() time.Duration { return oneOf(r, 0, 0, 3*time.Second, 30*time.Second) }
	caps := []permittest.Caps{
		{}, {}, {Users: 120, Assignments: 120}, {Users: 30, Tenants: 2, Assignments: 20, Roles: 2},
	}
	inlines := []permittest.Inline{
		permittest.InlineMade, permittest.InlineHalf, permittest.InlineLate,
		permittest.InlineIgnored, permittest.InlineRefused,
	}
	return permittest.Options{
		WideClasses:    coin(),
		RetryAfter:     coin(),
		ErrorBody429:   oneOf(r, permittest.Body429Details, permittest.Body429CloudPDP),
		Lag:            lag(),
		AssignmentLag:  lag(),
		Caps:           oneOf(r, caps...),
		Oversize:       oneOf(r, 413, 422),
		MaxBody:        oneOf[int64](r, 0, 0, 8000),
		AssignedPair:   oneOf(r, permittest.Conflict, permittest.Skip),
		UnknownRole:    oneOf(r, 404, 422),
		MissingTenant:  oneOf(r, 422, 400),
		DuplicateEmail: oneOf(r, 0, 409, 422),
		ExistingTenant: oneOf(r, 409, 200),
		UnknownFilter:  oneOf(r, 200, 404),
		UnknownIdent:   oneOf(r, 200, 404),
		SerialBulk:     oneOf(r, 0, http.StatusConflict, http.StatusLocked),
		PutOmitted:     oneOf(r, permittest.Keep, permittest.Clear),
		PutRoleOmitted: oneOf(r, permittest.Keep, permittest.Clear),
		PutAssignments: oneOf(r, permittest.Keep, permittest.Clear, permittest.Replace),
		LowerEmails:    coin(),
		StrictEmails:   coin(),
		Envelopes:      coin(),
		LeaveOut:       coin(),
		PlainDetail:    coin(),
		Inline:         oneOf(r, inlines...),
		KeepOrphans:    coin(),
		RefuseNull:     coin(),
		BareIDs:        coin(),
	}
}

// scenario is an environment, the input of a run, and the state that must follow.
type scenario struct {
	options  permittest.Options
	replace  bool // --roles replace
	verifies bool // --verify
	before   permittest.State
	asked    permittest.State
	want     permittest.State
	refused  []string        // users that Permit refuses
	present  map[string]bool // users in before
}

// drawScenario draws a scenario. Each seed stands for one, so the order of the draws must
// not change.
func drawScenario(r *rand.Rand) *scenario {
	s := &scenario{
		options: drawOptions(r), asked: usersWithRoles(20 + r.IntN(150)), replace: r.IntN(2) == 0,
		present: map[string]bool{},
	}
	s.drawCatalogue(r)
	for i := range s.asked.Users {
		s.drawUser(r, i)
	}
	stranger := permittest.User{Key: "zoe", Email: "zoe@acme.example"}
	s.before.Users, s.want.Users = append(s.before.Users, stranger), append(s.want.Users, stranger)
	s.drawAssignments(r)
	s.drawExtraAssignments(r)
	// In the order of a State.
	srv := permittest.New(permittest.Options{})
	srv.Seed(s.want)
	s.want = srv.State()
	return s
}

// drawCatalogue draws the roles and tenants before the run.
func (s *scenario) drawCatalogue(r *rand.Rand) {
	s.asked.Tenants = fourTenants()
	for i := range s.asked.Assignments {
		s.asked.Assignments[i].Tenant = oneOf(r, "default", "org_1", "org_2", "org_3")
	}
	s.before.Roles = slices.Clone(s.asked.Roles[:r.IntN(4)])
	s.before.Tenants = slices.Clone(s.asked.Tenants[:1+r.IntN(4)])
	if len(s.before.Tenants) > 2 && r.IntN(2) == 0 {
		s.before.Tenants[2].Name = "Renamed since"
	}
	s.want.Roles, s.want.Tenants = s.asked.Roles, s.asked.Tenants
}

// drawUser draws the state of a user before the run.
func (s *scenario) drawUser(r *rand.Rand, i int) {
	u := &s.asked.Users[i]
	after, had := *u, *u
	kind := r.IntN(6)
	if r.IntN(40) == 0 {
		kind, u.Email = 0, fmt.Sprintf("u%d@acme.test", i) // which newer versions of email-validator refuse
		after.Email = u.Email
		if s.options.StrictEmails {
			s.refused = append(s.refused, u.Key)
			return
		}
	}
	switch kind {
	case 0, 1, 2: // new
	case 3: // the same
		s.before.Users, s.present[u.Key] = append(s.before.Users, had), true
	case 4: // different, with more than the line has
		had.FirstName, had.LastName = "Anne", "Lee"
		had.Attributes = map[string]any{"provider": "db", "theme": "dark"}
		after.LastName = "Lee"
		after.Attributes = map[string]any{"provider": "google-oauth2", "theme": "dark"}
		if after.Email == "" {
			had.Email = fmt.Sprintf("old%d@acme.example", i)
			after.Email = had.Email
		}
		s.before.Users, s.present[u.Key] = append(s.before.Users, had), true
	case 5: // only the key
		s.before.Users, s.present[u.Key] = append(s.before.Users, permittest.User{Key: u.Key}), true
	}
	s.want.Users = append(s.want.Users, after)
}

// drawAssignments draws which assignments exist before the run.
func (s *scenario) drawAssignments(r *rand.Rand) {
	hasRole := func(key string) bool {
		return slices.ContainsFunc(s.before.Roles, func(r permittest.Role) bool { return r.Key == key })
	}
	hasTenant := func(key string) bool {
		return slices.ContainsFunc(s.before.Tenants, func(t permittest.Tenant) bool { return t.Key == key })
	}
	for _, a := range s.asked.Assignments {
		if slices.Contains(s.refused, a.User) {
			continue
		}
		s.want.Assignments = append(s.want.Assignments, a)
		if s.present[a.User] && r.IntN(3) == 0 && hasRole(a.Role) && hasTenant(a.Tenant) {
			s.before.Assignments = append(s.before.Assignments, a)
		}
	}
}

// drawExtraAssignments draws assignments that the input lacks, which --roles replace
// takes away.
func (s *scenario) drawExtraAssignments(r *rand.Rand) {
	if len(s.before.Roles) == 0 {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(s.present)) {
		a := permittest.Assignment{User: key, Role: s.before.Roles[0].Key, Tenant: s.before.Tenants[0].Key}
		if r.IntN(4) > 0 || slices.Contains(s.before.Assignments, a) || slices.Contains(s.asked.Assignments, a) {
			continue
		}
		s.before.Assignments = append(s.before.Assignments, a)
		if !s.replace {
			s.want.Assignments = append(s.want.Assignments, a)
		}
	}
}
