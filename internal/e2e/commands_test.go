package e2e_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

// fakes are the services of one script.
type fakes struct {
	auth0  *auth0test.Server
	page   int // the page size that the fake Auth0 grants
	permit *permittest.Server
	seen   int // how many calls to Permit the script has looked at
	clock  *httpapitest.Clock
}

type fakesKey struct{}

func setup(env *testscript.Env) error {
	env.Values[fakesKey{}] = &fakes{clock: httpapitest.NewClock(1)}
	// A process built with -race would sleep a second before it exits.
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	return nil
}

func fakesOf(ts *testscript.TestScript) *fakes {
	f, ok := ts.Value(fakesKey{}).(*fakes)
	if !ok {
		ts.Fatalf("no fakes in this script")
	}
	return f
}

// commands are the commands that scripts have beyond those of testscript.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"auth0":  startAuth0,
	"permit": startPermit,
	"change": changeTenant,
	"given":  giveRole,
	"clocks": moveClocks,
	"same":   compareState,
	"calls":  limitCalls,
	"writes": countWrites,
	"state":  writeState,
	"exit":   runShell,
}

// startAuth0 runs auth0 [flags] TENANT: it starts the fake Auth0 and points
// a0export at it.
func startAuth0(ts *testscript.TestScript, _ bool, args []string) {
	flags := flag.NewFlagSet("auth0", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	o := auth0test.Options{Clock: fakesOf(ts).clock}
	scopes := flags.String("scopes", "", "the scopes granted, by comma")
	flags.BoolVar(&o.AllRoleScopes, "all-scopes", false, "role members need every listed scope")
	plan := flags.String("plan", "", "free, pro or enterprise")
	flags.IntVar(&o.PageMax, "page", 100, "the page size granted")
	flags.IntVar(&o.Polls, "polls", -1, "polls before the job ends")
	flags.IntVar(&o.ExpireLinks, "expired", 0, "links expired from the start")
	flags.IntVar(&o.CutDownload, "cut", 0, "downloads that break off")
	flags.StringVar(&o.JobStatus, "ends", "", "how the job ends")
	flags.StringVar(&o.JobDetails, "details", "", "status_details of a failed job")
	flags.BoolVar(&o.Plain, "plain", false, "no escaping in the CSV")
	flags.BoolVar(&o.CRLF, "crlf", false, "CR LF in the CSV")
	flags.BoolVar(&o.BOM, "bom", false, "a byte order mark in the CSV")
	flags.BoolVar(&o.NoJobs, "no-jobs", false, "a plan without export jobs")
	flags.BoolVar(&o.RepeatNext, "repeat", false, "paging that goes in circles")
	flaw := flags.String("flaw", "", "what is wrong with every answer that it can happen to")
	clock := flags.Duration("clock", 0, "how far its clock is ahead")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		ts.Fatalf("usage: auth0 [flags] TENANT: %v", err)
	}
	o.Flaws = auth0test.Always(auth0test.Flaw(*flaw))
	if *flaw != "" && !slices.Contains(auth0test.Flaws(), auth0test.Flaw(*flaw)) {
		ts.Fatalf("no flaw %q", *flaw)
	}
	if *clock != 0 {
		o.Clock = httpapitest.NewClockAt(time.Now().Add(*clock), 1)
	}
	if *scopes != "" {
		o.Scopes = strings.Split(*scopes, ",")
	}
	o.Limit = map[string]auth0test.Limit{
		"free": auth0test.Free, "pro": auth0test.Pro, "enterprise": auth0test.Enterprise,
	}[*plan]
	tenant, ok := tenants[flags.Arg(0)]
	if !ok {
		ts.Fatalf("no tenant %q", flags.Arg(0))
	}
	serveAuth0(ts, auth0test.New(tenant(), o))
	fakesOf(ts).page = o.PageMax
}

func serveAuth0(ts *testscript.TestScript, s *auth0test.Server) {
	fakesOf(ts).auth0 = s
	address, stop := s.Start()
	ts.Defer(stop)
	ts.Setenv("AUTH0_DOMAIN", address)
	ts.Setenv("AUTH0_API_TOKEN", auth0test.DefaultToken)
}

// startPermit runs permit [flags] [SEED]: it starts the fake Permit and points
// permitload at it.
func startPermit(ts *testscript.TestScript, _ bool, args []string) {
	flags := flag.NewFlagSet("permit", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	o := permittest.Options{Clock: fakesOf(ts).clock}
	level := flags.String("level", "environment", "what the key is for")
	lost := flags.Int("lose", 0, "bulk writes whose answer is lost")
	flags.DurationVar(&o.Lag, "lag", 0, "how late bulk writes become visible")
	flags.IntVar(&o.DuplicateEmail, "emails", 0, "the status that refuses an email another user has; 0 takes it")
	flags.BoolVar(&o.Envelopes, "envelopes", false, "lists come in envelopes")
	flags.BoolVar(&o.WideClasses, "wide", false, "the wide reading of the rate classes")
	skip := flags.Bool("skip", false, "assigned pairs are skipped and not refused")
	if err := flags.Parse(args); err != nil || flags.NArg() > 1 {
		ts.Fatalf("usage: permit [flags] [SEED]: %v", err)
	}
	o.KeyLevel = map[string]permittest.Level{
		"environment": permittest.LevelEnvironment, "project": permittest.LevelProject,
		"organization": permittest.LevelOrganization,
	}[*level]
	if *skip {
		o.AssignedPair = permittest.Skip
	}
	o.Faults = func(r *http.Request) httpapitest.Fault {
		if r.Method != http.MethodGet && strings.Contains(r.URL.Path, "bulk") && *lost > 0 {
			*lost--
			return httpapitest.Fault{Lose: true}
		}
		return httpapitest.Fault{}
	}
	s := permittest.New(o)
	if flags.NArg() == 1 {
		s.Seed(seeds[flags.Arg(0)])
	}
	servePermit(ts, s)
}

func servePermit(ts *testscript.TestScript, s *permittest.Server) {
	f := fakesOf(ts)
	f.permit, f.seen = s, 0
	address, stop := s.Start()
	ts.Defer(stop)
	ts.Setenv("PERMIT_API_URL", address)
	ts.Setenv("PERMIT_API_KEY", permittest.DefaultKey)
}

// changeTenant runs change EVENT: it makes something happen in Auth0.
func changeTenant(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 || events[args[0]] == nil {
		ts.Fatalf("usage: change EVENT")
	}
	fakesOf(ts).auth0.Update(events[args[0]])
}

// moveClocks runs clocks DURATION: it moves the clocks of both services forward, so that
// what Permit has becomes old, or back.
func moveClocks(ts *testscript.TestScript, _ bool, args []string) {
	by, err := time.ParseDuration(strings.Join(args, " "))
	if err != nil {
		ts.Fatalf("usage: clocks DURATION")
	}
	fakesOf(ts).clock.Advance(by)
}

// giveRole runs given USER ROLE TENANT: it gives a role by hand, in Permit.
func giveRole(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: given USER ROLE TENANT")
	}
	s := fakesOf(ts).permit
	st := permittest.State{Assignments: []permittest.Assignment{{User: args[0], Role: args[1], Tenant: args[2]}}}
	if !slices.ContainsFunc(s.State().Roles, func(r permittest.Role) bool { return r.Key == args[1] }) {
		st.Roles = []permittest.Role{{Key: args[1], Name: args[1]}}
	}
	if !slices.ContainsFunc(s.State().Tenants, func(t permittest.Tenant) bool { return t.Key == args[2] }) {
		st.Tenants = []permittest.Tenant{{Key: args[2], Name: args[2]}}
	}
	s.Seed(st)
}

// compareState runs same: it compares users and assignments in Permit with the tenant. !
// same wants a difference.
func compareState(ts *testscript.TestScript, neg bool, _ []string) {
	f := fakesOf(ts)
	diff := cmp.Diff(stateOf(f.auth0.Tenant()), f.permit.State())
	switch {
	case neg && diff == "":
		ts.Fatalf("Permit holds what the tenant does")
	case !neg && diff != "":
		ts.Fatalf("Permit differs from the tenant (-want +got):\n%s", diff)
	}
}

// limitCalls runs calls [again|few]: it wants no more calls since the last look than the
// contract allows, and no 429. again is for a run that changes nothing, few for one that
// must not list everything.
func limitCalls(ts *testscript.TestScript, _ bool, args []string) {
	f := fakesOf(ts)
	again := len(args) == 1 && args[0] == "again"
	if f.auth0 != nil {
		calls := f.auth0.Calls()
		expectNo429(ts, "Auth0", calls)
		if limit := maxAuth0Calls(f.auth0.Tenant(), f.page, calls); !again && len(calls) > limit {
			ts.Fatalf("%d calls to Auth0, more than %d", len(calls), limit)
		}
	}
	calls := f.newCalls()
	expectNo429(ts, "Permit", calls)
	limit := maxPermitCalls(f.permit.State(), again)
	if len(args) == 1 && args[0] == "few" {
		limit = 40
	}
	if len(calls) > limit {
		ts.Fatalf("%d calls to Permit, more than %d", len(calls), limit)
	}
	f.seen += len(calls)
}

// newCalls returns the calls to Permit since the script last looked.
func (f *fakes) newCalls() []httpapitest.Call { return f.permit.Calls()[f.seen:] }

func expectNo429(ts *testscript.TestScript, who string, calls []httpapitest.Call) {
	for i, call := range calls {
		if call.Status == http.StatusTooManyRequests {
			ts.Fatalf("%s refused call %d, %s %s, with 429", who, i, call.Method, call.Path)
		}
	}
}

// countWrites runs writes N: it wants exactly N writes to Permit since the last
// look.
func countWrites(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	for _, call := range fakesOf(ts).newCalls() {
		if call.Method != http.MethodGet {
			n++
		}
	}
	if len(args) != 1 || args[0] != strconv.Itoa(n) {
		ts.Fatalf("%d writes to Permit, want %s", n, strings.Join(args, " "))
	}
}

// writeState runs state FILE: it writes what Permit has, one object a line.
func writeState(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: state FILE")
	}
	var text strings.Builder
	s := fakesOf(ts).permit.State()
	for _, t := range s.Tenants {
		if t.Key != "default" {
			fmt.Fprintf(&text, "tenant %s %q\n", t.Key, t.Name)
		}
	}
	for _, r := range s.Roles {
		fmt.Fprintf(&text, "role %s %q may %v\n", r.Key, r.Name, r.Permissions)
	}
	for _, u := range s.Users {
		attributes, err := json.Marshal(u.Attributes)
		ts.Check(err)
		fmt.Fprintf(&text, "user %s %s %q %q %s\n", u.Key, u.Email, u.FirstName, u.LastName, attributes)
	}
	for _, a := range s.Assignments {
		fmt.Fprintf(&text, "%s is %s in %s\n", a.User, a.Role, a.Tenant)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o600))
}

// runShell runs exit CODE COMMAND: it runs the command, which may be a pipe, with sh and
// wants that exit code.
func runShell(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: exit CODE 'SHELL COMMAND'")
	}
	// The shell exits with 0 if the command had the wanted exit code.
	err := ts.Exec("sh", "-c", "{ "+args[1]+"\n}; code=$?; "+
		"[ $code = "+args[0]+" ] || { echo \"exit code $code\" >&2; exit 99; }")
	if err != nil {
		ts.Fatalf("%s: want exit code %s: %v", args[1], args[0], err)
	}
}

// maxAuth0Calls returns how many calls the contract allows for an export of a tenant
// without groups. One call finds out that there are none.
func maxAuth0Calls(t auth0test.Tenant, page int, calls []httpapitest.Call) int {
	polls := 0
	for _, call := range calls {
		if call.Method == http.MethodGet && strings.HasPrefix(call.Path, "/api/v2/jobs/") {
			polls++
		}
	}
	n := 4 + 1 + polls + pages(len(t.Roles), page)
	for _, r := range t.Roles {
		n += pages(len(r.Members), page) + 1
	}
	return n
}

// maxPermitCalls returns how many calls the contract allows for a load, or for
// one that changes nothing.
func maxPermitCalls(s permittest.State, again bool) int {
	users, assignments := len(s.Users), len(s.Assignments)
	if again {
		return 4 + min(pages(users, 100), 2*users) + pages(assignments, 1000)
	}
	roles := len(s.Roles)
	if roles > 40 {
		roles = 1
	}
	reads := 8 + pages(len(s.Roles), 100) + pages(len(s.Tenants), 100)
	writes := roles + pages(len(s.Tenants), 2000) + pages(users, 3000) + pages(assignments, 2000)
	return reads + writes
}

func pages(n, size int) int { return (n + size - 1) / size }
