package ledger

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permitload/intake"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// input has a line of each kind that a ledger may get.
var input = []string{
	`{"type":"role","key":"missing"}`, `{"type":"role","key":"missing","name":"Said twice"}`,
	`{"type":"role","key":"there"}`, `{"type":"role","key":"a b"}`,
	`{"type":"tenant","key":"missing"}`, `{"type":"tenant","key":"other name","name":"X"}`,
	`{"type":"tenant","key":"renamed","name":"New"}`, `{"type":"tenant","key":"there","name":"There"}`,
	`{"type":"user","key":"new","role_assignments":[{"role":"there"},{"role":"there","tenant":"there"}]}`,
	`{"type":"user","key":"same"}`, `{"type":"user","key":"same"}`,
	`{"type":"user","key":"changed","first_name":"Ann"}`,
	`{"type":"user","key":"holder","role_assignments":[{"role":"there"}]}`,
	`{"type":"user","key":"conflicted"}`, `{"type":"user","key":"conflicted","first_name":"C"}`,
	`{"type":"user","key":"a b"}`,
}

// newLedger returns a ledger that has begun with the plan of input, and its stdout.
func newLedger(t *testing.T, rules reconcile.Rules) (*Ledger, *reconcile.Plan, *strings.Builder) {
	t.Helper()
	desired := reconcile.NewDesired(rules)
	in := intake.New(desired)
	t.Cleanup(in.Close)
	if err := in.Read("stdin", strings.NewReader(strings.Join(input, "\n")), nil); err != nil {
		t.Fatal(err)
	}
	desired.Finish()
	current := reconcile.NewCurrent(desired)
	current.HaveRole(record.Role{Key: "there"})
	for key, name := range map[string]string{"default": "", "renamed": "Old", "there": "There"} {
		current.HaveTenant(key, name)
	}
	for i := range desired.Users() {
		line, err := in.User(i)
		if err != nil {
			t.Fatal(err)
		}
		if line.Key != "new" {
			current.HaveUser(line.Key, "")
			current.Compare(i, line, &record.User{Key: line.Key})
		}
	}
	current.HaveAssignment("same", record.RoleAssignment{Role: "byhand", Tenant: "there"}, time.Time{})
	plan, stdout := reconcile.Diff(desired, current), &strings.Builder{}
	l := New(in, stdout, false)
	l.Begin(plan)
	return l, plan, stdout
}

var (
	loading  = reconcile.Rules{Tenant: "default"}
	deleting = reconcile.Rules{Delete: true}
)

// The fates of an operation.
const (
	done    = "done"
	skipped = "skipped"
	refused = "refused"
	open    = "not reached"
)

var refusal = record.Fault{Code: "refused", Message: "not today"}

// settle records the fate of an operation.
func settle(t *testing.T, l *Ledger, op reconcile.Operation, fate string) {
	t.Helper()
	var err error
	switch fate {
	case done:
		err = l.Complete(op)
	case skipped:
		l.Skip(op)
	case refused:
		err = l.Refuse(op, refusal)
	}
	if err != nil {
		t.Error(err)
	}
}

// rejectedCodes returns the lines on stdout as "key code".
func rejectedCodes(t *testing.T, stdout string) []string {
	t.Helper()
	var list []string
	for text := range strings.Lines(stdout) {
		var line struct {
			Key   string
			Error record.Fault
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		list = append(list, line.Key+" "+line.Error.Code)
	}
	return list
}

// Whatever the fates of the operations, each line is accounted for once: in is loaded +
// unchanged + repeated + not loaded.
func TestEachLineIsAccountedFor(t *testing.T) {
	t.Parallel()
	type tallies = map[string]Tally
	// The lines without operations are always written.
	broken := []string{
		"a b invalid_record", "other name invalid_record", "conflicted differing_lines", "a b invalid_record",
		"conflicted differing_lines",
	}
	notReached := []string{"missing not_reached", "missing not_reached", "missing not_reached", "renamed not_reached"}
	tests := []struct {
		name     string
		rules    reconcile.Rules
		fate     func(op reconcile.Operation) string
		want     tallies
		rejected []string // besides the broken ones
	}{
		{
			"all done", loading, func(reconcile.Operation) string { return done },
			tallies{
				"role":   {In: 4, Loaded: 1, Added: 1, Unchanged: 1, Repeated: 1, NotLoaded: 1},
				"tenant": {In: 4, Loaded: 2, Added: 1, Unchanged: 1, NotLoaded: 1},
				"user":   {In: 8, Loaded: 3, Added: 1, Unchanged: 1, Repeated: 1, NotLoaded: 3},
			},
			nil,
		},
		{
			"all skipped", loading, func(reconcile.Operation) string { return skipped },
			tallies{
				"role":   {In: 4, Unchanged: 2, Repeated: 1, NotLoaded: 1},
				"tenant": {In: 4, Unchanged: 3, NotLoaded: 1},
				"user":   {In: 8, Unchanged: 4, Repeated: 1, NotLoaded: 3},
			},
			nil,
		},
		{
			"all refused", loading, func(reconcile.Operation) string { return refused },
			tallies{
				"role":   {In: 4, Unchanged: 1, NotLoaded: 3}, // both lines of the role are written
				"tenant": {In: 4, Unchanged: 1, NotLoaded: 3},
				"user":   {In: 8, Unchanged: 1, Repeated: 1, NotLoaded: 6},
			},
			[]string{
				"new refused", "changed refused", "holder refused",
				"missing refused", "missing refused", "missing refused", "renamed refused",
			},
		},
		{
			"none reached", loading, func(reconcile.Operation) string { return open },
			tallies{
				"role":   {In: 4, Unchanged: 1, NotLoaded: 3},
				"tenant": {In: 4, Unchanged: 1, NotLoaded: 3},
				"user":   {In: 8, Unchanged: 1, Repeated: 1, NotLoaded: 6},
			},
			append(slices.Clone(notReached), "new not_reached", "changed not_reached", "holder not_reached"),
		},
		{
			"assignments are refused, each line comes out once",
			loading,
			func(op reconcile.Operation) string {
				if op.Op == reconcile.Assign {
					return refused
				}
				return done
			},
			tallies{
				"role":   {In: 4, Loaded: 1, Added: 1, Unchanged: 1, Repeated: 1, NotLoaded: 1},
				"tenant": {In: 4, Loaded: 2, Added: 1, Unchanged: 1, NotLoaded: 1},
				"user":   {In: 8, Loaded: 1, Unchanged: 1, Repeated: 1, NotLoaded: 5},
			},
			[]string{"new refused", "holder refused"},
		},
		{
			"assignments are not reached, so their users are not loaded",
			loading,
			func(op reconcile.Operation) string {
				if op.Op == reconcile.Assign {
					return open
				}
				return done
			},
			tallies{
				"role":   {In: 4, Loaded: 1, Added: 1, Unchanged: 1, Repeated: 1, NotLoaded: 1},
				"tenant": {In: 4, Loaded: 2, Added: 1, Unchanged: 1, NotLoaded: 1},
				"user":   {In: 8, Loaded: 1, Unchanged: 1, Repeated: 1, NotLoaded: 5},
			},
			[]string{"new not_reached", "holder not_reached"},
		},
		{
			"all deleted", deleting, func(reconcile.Operation) string { return done },
			tallies{
				"role":   {In: 4, Unchanged: 2, Repeated: 1, NotLoaded: 1},
				"tenant": {In: 4, Unchanged: 3, NotLoaded: 1},
				"user":   {In: 8, Loaded: 3, Unchanged: 1, Repeated: 1, NotLoaded: 3},
			},
			nil,
		},
		{
			"a user is not deleted from whom something could not be taken away",
			deleting,
			func(op reconcile.Operation) string {
				return map[reconcile.Op]string{reconcile.Unassign: refused, reconcile.Delete: open}[op.Op]
			},
			tallies{
				"role":   {In: 4, Unchanged: 2, Repeated: 1, NotLoaded: 1},
				"tenant": {In: 4, Unchanged: 3, NotLoaded: 1},
				"user":   {In: 8, Unchanged: 1, Repeated: 1, NotLoaded: 6},
			},
			[]string{"same refused", "changed not_reached", "holder not_reached"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, plan, stdout := newLedger(t, tt.rules)
			for op := range plan.Operations() {
				settle(t, l, op, tt.fate(op))
			}
			if err := l.Close(nil); err != nil || !l.Closed {
				t.Errorf("closed %v: %v", l.Closed, err)
			}
			got := tallies{}
			for kind, tally := range l.Tallies() {
				if tally.In > 0 {
					got[kind] = *tally
				}
				if sum := tally.Loaded + tally.Unchanged + tally.Repeated + tally.NotLoaded; sum != tally.In {
					t.Errorf("%s: %d of %d lines accounted for", kind, sum, tally.In)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(slices.Concat(broken, tt.rejected), rejectedCodes(t, stdout.String())); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			if !l.HasFailures() {
				t.Error("no failures, although some lines are broken")
			}
		})
	}
}

// Sums counts what was done besides writing records.
func TestSums(t *testing.T) {
	t.Parallel()
	for rules, want := range map[reconcile.Rules]Sums{
		loading:  {Assigned: 3, Restored: 1},
		deleting: {Unassigned: 1, Deleted: 3, Restored: 1},
	} {
		l, plan, _ := newLedger(t, rules)
		for op := range plan.Operations() {
			settle(t, l, op, done)
		}
		l.CountRestored()
		if l.Sums != want {
			t.Errorf("%+v, want %+v", l.Sums, want)
		}
	}
}

// A run that stops before the first write changes nothing, so stdout stays empty. After
// the first write, everything that is not loaded is written, with what stopped the run.
func TestStdoutStaysEmptyBeforeTheFirstWrite(t *testing.T) {
	t.Parallel()
	cause := errors.New("the key was revoked")
	l, plan, stdout := newLedger(t, loading)
	if err := l.Close(cause); err != nil || l.Closed || stdout.Len() > 0 {
		t.Errorf("closed %v, %v, stdout %s", l.Closed, err, stdout)
	}

	settle(t, l, plan.Roles[0], done)
	if n := len(rejectedCodes(t, stdout.String())); n != 5 {
		t.Errorf("%d lines after the first write, want the 5 that cannot be loaded", n)
	}
	if err := l.Close(cause); err != nil || !l.Closed {
		t.Errorf("closed %v: %v", l.Closed, err)
	}
	if n := strings.Count(stdout.String(), "the load stopped before: the key was revoked"); n != 2+3 {
		t.Errorf("%d lines name the cause, want 2 tenants and 3 users:\n%s", n, stdout)
	}
}

// Before there is a plan none of the lines is loaded.
func TestTalliesBeforeThePlan(t *testing.T) {
	t.Parallel()
	in := intake.New(reconcile.NewDesired(reconcile.Rules{}))
	t.Cleanup(in.Close)
	if err := in.Read("stdin", strings.NewReader(strings.Join(input, "\n")), nil); err != nil {
		t.Fatal(err)
	}
	got := New(in, &strings.Builder{}, false).Tallies()
	want := map[string]*Tally{
		"role": {In: 4, NotLoaded: 4}, "tenant": {In: 4, NotLoaded: 4}, "user": {In: 8, Repeated: 1, NotLoaded: 7},
		"resource": {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// If a write may have cleared a user's assignments, the user's line is written once,
// with its own assignments and the cleared ones, so that loading it restores both.
func TestRejectClearedPutsBackWhatWasCleared(t *testing.T) {
	t.Parallel()
	l, plan, stdout := newLedger(t, loading)
	var holder reconcile.Operation
	for op := range plan.Operations() {
		if line, err := l.input.User(op.User); err == nil && line.Key == "holder" && op.Op == reconcile.Assign {
			holder = op
		}
	}
	had := []record.RoleAssignment{
		{Role: "byhand", Tenant: "there"}, {Role: "there"}, {Role: "there", ResourceInstance: "doc:1"},
	}
	for _, want := range []bool{true, false} {
		out, err := l.RejectCleared(holder.User, had, NotReachedFault(errors.New("interrupted")))
		if out != want || err != nil {
			t.Errorf("RejectCleared = %v, %v; want %v", out, err, want)
		}
	}
	if !l.HasFailed(holder) {
		t.Error("the line counts as loaded")
	}
	all := slices.Collect(strings.Lines(stdout.String()))
	last := all[len(all)-1]
	if len(all) != 5+1 {
		t.Errorf("%d lines, want the 5 that cannot be loaded and one more", len(all))
	}
	u := &record.User{}
	if err := record.Decode([]byte(last), u); err != nil {
		t.Fatal(err)
	}
	want := &record.User{Type: "user", Key: "holder", RoleAssignments: []record.RoleAssignment{
		{Role: "there"}, {Role: "byhand", Tenant: "there"}, {Role: "there", ResourceInstance: "doc:1"},
	}}
	if diff := cmp.Diff(want, u); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(last, `"code":"not_reached"`) || !strings.Contains(last, `"retryable":true`) {
		t.Errorf("the line comes out as %s", last)
	}
}

// A refused line counts as not loaded, even if stdout breaks before it is written.
func TestRefusedLineCountsThoughStdoutBreaks(t *testing.T) {
	t.Parallel()
	l, plan, _ := newLedger(t, loading)
	l.out.w = brokenWriter{}
	for op := range plan.Operations() {
		if op.RecordID() != (reconcile.RecordID{}) {
			continue
		}
		if err := l.Refuse(op, record.Fault{Code: "X"}); !errors.Is(err, ErrRejects) {
			t.Fatalf("Refuse = %v", err)
		}
		if !l.HasFailed(op) {
			t.Error("the line counts as loaded")
		}
		return
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }
