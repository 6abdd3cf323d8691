package reconcile_test

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// FuzzAgain makes up lines and a world, and loads the lines into the world. Then the
// world must be as the lines ask, and a second plan must be empty.
func FuzzAgain(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		seed := make([]byte, 20+rng.IntN(150))
		for i := range seed {
			seed[i] = byte(rng.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed []byte) {
		d := dice(seed)
		w, lines := d.world(), d.lines()
		before := w.clone()
		plan := w.plan(lines)
		counts := plan.Counts
		rejected := w.apply(plan, lines)
		newOutcome(before, w, lines, rejected).check(t)
		checkSecondLoad(t, w, lines, rejected, counts)
	})
}

// checkSecondLoad checks that loading the same lines again has nothing to do, counts as
// present what the first load had to do, and changes nothing.
func checkSecondLoad(t *testing.T, w *world, lines []record.User, rejected []string, first reconcile.Counts) {
	t.Helper()
	plan := w.plan(lines)
	if roles, tenants := toCreate(plan); len(roles)+len(tenants) > 0 {
		t.Errorf("a second load creates %v %v", roles, tenants)
	}
	want := reconcile.Counts{
		UserCounts: reconcile.UserCounts{
			Same: first.Create + first.Update + first.Same, Refused: first.Refused,
		},
		AssignmentCounts: reconcile.AssignmentCounts{Assigned: first.Assign + first.Assigned},
	}
	isRefused := func(why string) bool { return strings.HasSuffix(why, " taken") } // so it has to be done again
	if diff := cmp.Diff(want, plan.Counts); diff != "" && !slices.ContainsFunc(rejected, isRefused) {
		t.Errorf("a second load is not idle (-want +got): %s", diff)
	}
	before := w.clone()
	if diff := cmp.Diff(rejected, w.apply(plan, lines)); diff != "" {
		t.Errorf("a second load rejects others: %s", diff)
	}
	if diff := cmp.Diff(before, w, cmp.AllowUnexported(world{})); diff != "" {
		t.Errorf("a second load changed Permit: %s", diff)
	}
}

// outcome is the result of loading lines into a world.
type outcome struct {
	before, after *world
	lines         []record.User
	rejected      []string        // as apply returns them
	loaded        map[string]bool // users whose lines are loaded
}

func newOutcome(before, after *world, lines []record.User, rejected []string) *outcome {
	o := &outcome{before: before, after: after, lines: lines, rejected: rejected, loaded: map[string]bool{}}
	for _, line := range lines {
		o.loaded[line.Key] = !o.isRejected(line.Key, "conflicted") && !o.isRejected(line.Key, "taken")
	}
	return o
}

func (o *outcome) isRejected(key, why string) bool { return slices.Contains(o.rejected, key+" "+why) }

func (o *outcome) check(t *testing.T) {
	t.Helper()
	if o.before.refuses {
		o.checkEmailsAreUnique(t)
	}
	o.checkConflicts(t)
	o.checkTakenEmails(t)
	o.checkLoadedUsers(t)
	o.checkOtherUsers(t)
	o.checkAssignments(t)
}

func (o *outcome) checkEmailsAreUnique(t *testing.T) {
	t.Helper()
	owners := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(o.after.users)) {
		email := strings.ToLower(o.after.users[key].Email)
		if email == "" {
			continue
		}
		if owners[email] != "" {
			t.Errorf("%s and %s have one email", owners[email], key)
		}
		owners[email] = key
	}
}

// checkConflicts checks that a user is rejected as conflicted if and only if its lines
// differ.
func (o *outcome) checkConflicts(t *testing.T) {
	t.Helper()
	for _, line := range firstLines(o.lines) {
		differ := slices.ContainsFunc(o.lines, func(u record.User) bool {
			return u.Key == line.Key && !reflect.DeepEqual(u, line)
		})
		if got := o.isRejected(line.Key, "conflicted"); got != differ {
			t.Errorf("%s: conflicted %v, lines differ %v", line.Key, got, differ)
		}
	}
}

// checkTakenEmails checks that a user is rejected for its email only if another user
// has it by right: that user had it before, or its line comes first.
func (o *outcome) checkTakenEmails(t *testing.T) {
	t.Helper()
	place := func(key string) int {
		return slices.IndexFunc(o.lines, func(u record.User) bool { return u.Key == key })
	}
	for _, line := range firstLines(o.lines) {
		if !o.isRejected(line.Key, "taken") {
			continue
		}
		holder := o.holderOf(line.Email)
		hadIt := strings.EqualFold(o.before.users[holder].Email, line.Email)
		if holder == "" || holder == line.Key || !hadIt && place(holder) >= place(line.Key) {
			t.Errorf("%s was rejected for an email that is %q's", line.Key, holder)
		}
	}
}

// holderOf returns the key of the user who has an email after the load, or "".
func (o *outcome) holderOf(email string) string {
	for key, u := range o.after.users {
		if email != "" && strings.EqualFold(u.Email, email) {
			return key
		}
	}
	return ""
}

// checkLoadedUsers checks that each loaded user is as its line says, and otherwise as
// before.
func (o *outcome) checkLoadedUsers(t *testing.T) {
	t.Helper()
	for _, line := range firstLines(o.lines) {
		if o.loaded[line.Key] {
			was, is := o.before.users[line.Key], o.after.users[line.Key]
			checkFields(t, was, line, is)
			checkAttributes(t, was, line, is)
		}
	}
}

func checkFields(t *testing.T, was, line, is record.User) {
	t.Helper()
	for _, f := range []struct {
		name          string
		field         record.Fields
		was, line, is string
	}{
		{"email", record.Email, strings.ToLower(was.Email), strings.ToLower(line.Email), strings.ToLower(is.Email)},
		{"first name", record.FirstName, was.FirstName, line.FirstName, is.FirstName},
	} {
		want := f.line
		if want == "" && !line.Nulls.Has(f.field) {
			want = f.was
		}
		if f.is != want {
			t.Errorf("%s: %s is %q, want %q", line.Key, f.name, f.is, want)
		}
	}
}

func checkAttributes(t *testing.T, was, line, is record.User) {
	t.Helper()
	for _, name := range []string{"x", "y"} {
		want, named := line.Attributes[name]
		if !named && !line.Nulls.Has(record.Attributes) {
			want = was.Attributes[name]
		}
		empty := want == nil || want == ""
		if got := is.Attributes[name]; got != want && (!empty || got != nil && got != "") {
			t.Errorf("%s: attribute %s is %v, want %v", line.Key, name, got, want)
		}
	}
}

// checkOtherUsers checks that users whose lines are not loaded are unchanged, and still
// missing if they were missing.
func (o *outcome) checkOtherUsers(t *testing.T) {
	t.Helper()
	for key, was := range o.before.users {
		if is := o.after.users[key]; !o.loaded[key] && !reflect.DeepEqual(was, is) {
			t.Errorf("%s was not loaded, and is %v instead of %v", key, is, was)
		}
	}
	for key := range o.after.users {
		if _, ok := o.before.users[key]; !ok && !o.loaded[key] {
			t.Errorf("%s came from nowhere", key)
		}
	}
}

// checkAssignments checks that each user has its old assignments and, if its line is
// loaded, those of the line.
func (o *outcome) checkAssignments(t *testing.T) {
	t.Helper()
	want := map[string]assignmentSet{}
	for key, assigned := range o.before.assigned {
		want[key] = maps.Clone(assigned)
	}
	for _, line := range firstLines(o.lines) {
		for _, a := range line.RoleAssignments {
			if !o.loaded[line.Key] {
				continue
			}
			if want[line.Key] == nil {
				want[line.Key] = assignmentSet{}
			}
			want[line.Key][withTenant(a)] = true
		}
	}
	if diff := cmp.Diff(want, o.after.assigned); diff != "" {
		t.Errorf("assignments (-want +got): %s", diff)
	}
}
