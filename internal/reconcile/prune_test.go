package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// newPruning returns a Desired that decides which assignments stay: of the users a and
// b, with the roles admin and viewer, in acme and in the default tenant, where b's
// assignment without a tenant is.
func newPruning(t *testing.T) *reconcile.Desired {
	t.Helper()
	d := newDesired(t, `{"key":"a","role_assignments":[]}`, `{"key":"b","role_assignments":[{"role":"viewer"}]}`,
		`{"key":"silent"}`, `{"key":"conflicted","role_assignments":[]}`, `{"key":"conflicted","first_name":"C"}`)
	for _, role := range []string{"admin", "viewer"} {
		d.WantRole(&record.Role{Key: role})
	}
	d.WantTenant(&record.Tenant{Key: "acme"})
	d.PruneBefore(asOf)
	return d
}

// An assignment that the input lacks is pruned if the input is complete about it. Those
// that stay are counted by reason, for people to see.
func TestPruneCountsWhatGoesAndWhyTheRestStays(t *testing.T) {
	t.Parallel()
	type counts = reconcile.AssignmentCounts
	type kept = reconcile.Kept
	old := asOf.Add(-time.Second)
	gone := func(assignments, users int) counts {
		return counts{Unassign: assignments, UnassignFrom: users, InScope: assignments}
	}
	tests := []struct {
		name    string
		have    []string
		created time.Time
		counts  counts
		kept    kept
	}{
		{"in a tenant with a line", []string{"a admin acme"}, old, gone(1, 1), kept{}},
		{"in the tenant that is meant where none is named", []string{"a admin default"}, old, gone(1, 1), kept{}},
		{"two of a, one of b", []string{"a admin acme", "b admin acme", "a viewer acme"}, old, gone(3, 2), kept{}},
		{"a list that shifts shows one twice", []string{"a admin acme", "a admin acme"}, old, gone(1, 1), kept{}},
		{"the role has no line", []string{"a byhand acme"}, old, counts{}, kept{NoRoleLine: 1}},
		{"the tenant has no line", []string{"a admin beta"}, old, counts{}, kept{NoTenantLine: 1}},
		{"neither has a line", []string{"a byhand beta"}, old, counts{}, kept{NoRoleLine: 1}},
		{"made when the input was true", []string{"a admin acme"}, asOf, counts{InScope: 1}, kept{TooYoung: 1}},
		{"made later", []string{"a admin acme"}, asOf.Add(time.Hour), counts{InScope: 1}, kept{TooYoung: 1}},
		{"made nobody knows when", []string{"a admin acme"}, time.Time{}, counts{InScope: 1}, kept{TooYoung: 1}},
		{
			"one for each reason",
			[]string{"a byhand acme", "b byhand beta", "b admin beta", "a admin acme"},
			asOf,
			counts{InScope: 1},
			kept{NoRoleLine: 2, NoTenantLine: 1, TooYoung: 1},
		},
		{"on a resource instance", []string{"a admin acme doc:1"}, old, counts{}, kept{}},
		{"of a user whose line does not speak of roles", []string{"silent admin acme"}, old, counts{}, kept{}},
		{"of a user who is refused", []string{"conflicted admin acme"}, old, counts{}, kept{}},
		{"of a user whom the input does not name", []string{"zoe admin acme"}, old, counts{}, kept{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := planAgainst(newPruning(t), func(c *reconcile.Current) { haveAssignments(c, tt.created, tt.have...) })
			got := p.Counts.AssignmentCounts
			got.Assign, got.AssignNew, got.Blocked, got.BlockedNew = 0, 0, 0, 0 // b gets its role
			if diff := cmp.Diff(tt.counts, got); diff != "" {
				t.Errorf("counts (-want +got): %s", diff)
			}
			if diff := cmp.Diff(tt.kept, p.Kept); diff != "" {
				t.Errorf("kept (-want +got): %s", diff)
			}
			unassigns := 0
			for op := range p.Operations() {
				if op.Op == reconcile.Unassign {
					unassigns++
				}
			}
			if unassigns != tt.counts.Unassign {
				t.Errorf("%d operations take away, %d are counted", unassigns, tt.counts.Unassign)
			}
		})
	}
}

// An input covers tenant-wide roles if a user has one, or has an empty list. An input
// that only names tenants, or a selection of tenants, does not cover them.
func TestPruneOfTenantWideRoles(t *testing.T) {
	t.Parallel()
	const (
		inAcme  = `{"key":"a","role_assignments":[{"role":"viewer","tenant":"acme"}]}`
		nowhere = `{"key":"b","role_assignments":[]}`
		wide    = `{"key":"b","role_assignments":[{"role":"viewer"}]}`
		onADoc  = `{"key":"b","role_assignments":[{"role":"viewer","resource_instance":"doc:1"}]}`
		unknown = `{"key":"b"}`
	)
	for name, tt := range map[string]struct {
		lines  []string
		picked bool
		spoken bool
	}{
		"somebody has one":                          {[]string{inAcme, wide}, false, true},
		"somebody has one, and tenants were picked": {[]string{inAcme, wide}, true, true},
		"somebody has none at all":                  {[]string{inAcme, nowhere}, false, true},
		"the user has none at all":                  {[]string{`{"key":"a","role_assignments":[]}`}, false, true},
		"none at all, since tenants were picked":    {[]string{inAcme, nowhere}, true, false},
		"tenants alone are named":                   {[]string{inAcme}, false, false},
		"nothing is known of others":                {[]string{inAcme, unknown}, false, false},
		"a resource instance is named":              {[]string{inAcme, onADoc}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesired(t, tt.lines...)
			d.WantRole(&record.Role{Key: "admin"})
			d.WantTenant(&record.Tenant{Key: "acme"})
			d.PruneBefore(asOf)
			if tt.picked {
				d.LeaveOutTenants()
			}
			p := planAgainst(d, func(c *reconcile.Current) {
				haveAssignments(c, asOf.Add(-time.Hour), "a admin default", "a admin other")
			})
			unassign, kept := 0, reconcile.Kept{NoTenantLine: 1, MaybeUnsaid: 1}
			if tt.spoken {
				unassign, kept = 1, reconcile.Kept{NoTenantLine: 1}
			}
			if p.Counts.Unassign != unassign || p.Kept != kept {
				t.Errorf("%d go, kept %+v, want %d and %+v", p.Counts.Unassign, p.Kept, unassign, kept)
			}
		})
	}
}

// An assignment that the input asks for is in scope, too, and stays without a reason.
func TestPruneLeavesWhatTheInputAsksFor(t *testing.T) {
	t.Parallel()
	p := planAgainst(newPruning(t), func(c *reconcile.Current) {
		haveAssignments(c, asOf.Add(-time.Hour), "b viewer default", "b admin default")
	})
	want := reconcile.AssignmentCounts{Assigned: 1, InScope: 2, Unassign: 1, UnassignFrom: 1}
	if diff := cmp.Diff(want, p.Counts.AssignmentCounts); diff != "" || p.Kept != (reconcile.Kept{}) {
		t.Errorf("kept %+v, counts (-want +got): %s", p.Kept, diff)
	}
}

// Without Prune the input does not decide about what it lacks.
func TestWithoutPruneNothingIsTakenAwayOrCounted(t *testing.T) {
	t.Parallel()
	d := newDesired(t, `{"key":"a","role_assignments":[]}`)
	d.WantRole(&record.Role{Key: "admin"})
	d.WantTenant(&record.Tenant{Key: "acme"})
	p := planAgainst(d, func(c *reconcile.Current) {
		haveAssignments(c, time.Unix(1, 0), "a admin acme", "a byhand acme", "a admin beta")
	})
	if p.Counts.AssignmentCounts != (reconcile.AssignmentCounts{}) || p.Kept != (reconcile.Kept{}) {
		t.Errorf("counts %+v, kept %+v", p.Counts.AssignmentCounts, p.Kept)
	}
}

// A deletion removes all assignments of a user, and then the user. Users whose lines
// differ are refused, and users who are not in Permit are left out.
func TestPlanOfDeletions(t *testing.T) {
	t.Parallel()
	d := reconcile.NewDesired(reconcile.Rules{Delete: true})
	keys := []string{"a", "bare", "conflicted", "gone"}
	for _, line := range []string{
		`{"key":"a","email":"a@x.io","role_assignments":[{"role":"new","tenant":"new"}]}`, `{"key":"bare"}`,
		`{"key":"conflicted"}`, `{"key":"conflicted","first_name":"C"}`, `{"key":"gone"}`,
	} {
		d.WantUser(parseUser(t, line))
	}
	d.Finish()
	p := planAgainst(d, func(c *reconcile.Current) {
		for _, key := range []string{"zoe", "conflicted", "bare", "a"} {
			if i, ok := c.HaveUser(key, key+"@acme.example"); ok {
				c.Compare(i, &record.User{Key: key}, &record.User{Key: key})
			}
		}
		// It does not matter when they were made and where they apply.
		haveAssignments(c, time.Time{},
			"a admin default", "a viewer acme doc:1", "conflicted admin default", "zoe admin default")
	})
	var got []string
	for op := range p.Operations() {
		switch op.Op {
		case reconcile.Unassign:
			got = append(got, "unassign "+keys[op.User]+" "+assignmentName(op.Assignment))
		case reconcile.Delete:
			got = append(got, "delete "+keys[op.User])
		default:
			t.Errorf("an operation that adds: %+v", op)
		}
	}
	want := []string{"unassign a admin@default", "unassign a viewer@acme#doc:1", "delete a", "delete bare"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	counts := reconcile.Counts{
		UserCounts:       reconcile.UserCounts{Delete: 2, Same: 1, Refused: 1},
		AssignmentCounts: reconcile.AssignmentCounts{Unassign: 2, UnassignFrom: 1},
	}
	if diff := cmp.Diff(counts, p.Counts); diff != "" {
		t.Errorf("counts (-want +got): %s", diff)
	}
	if fates := fatesOf(p); !slices.Equal(fates, []string{"delete", "delete", "conflicted", "same"}) {
		t.Errorf("fates %q", fates)
	}
}
