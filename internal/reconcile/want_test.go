package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// planOf is a plan that wants the users of these lines.
func planOf(t *testing.T, lines ...string) *reconcile.Plan {
	t.Helper()
	p := reconcile.New("default")
	for _, line := range lines {
		p.WantUser(user(t, line))
	}
	return p
}

// wanting is what user i lacks, as role@tenant#instance.
func wanting(p *reconcile.Plan, i int) []string {
	var list []string
	for a := range p.Wanting(i) {
		text := a.Role + "@" + a.Tenant
		if a.ResourceInstance != "" {
			text += "#" + a.ResourceInstance
		}
		list = append(list, text)
	}
	return list
}

func TestWantUser(t *testing.T) {
	t.Parallel()
	const first, again, differs = reconcile.First, reconcile.Repeated, reconcile.Differing
	const create, conflict = reconcile.Create, reconcile.Conflicted
	tests := []struct {
		name   string
		lines  []string
		want   []reconcile.Repeat
		states []reconcile.State
	}{
		{"two users", []string{`{"key":"a"}`, `{"key":"b"}`}, []reconcile.Repeat{first, first}, []reconcile.State{create, create}},
		{"keys differ by case", []string{`{"key":"a"}`, `{"key":"A"}`}, []reconcile.Repeat{first, first}, []reconcile.State{create, create}},
		{
			"a line twice",
			[]string{`{"key":"a","email":"a@x.io"}`, `{"key":"a","email":"a@x.io"}`},
			[]reconcile.Repeat{first, again},
			[]reconcile.State{create},
		},
		{
			"fields in another order",
			[]string{`{"key":"a","attributes":{"x":1,"y":2}}`, `{"attributes":{"y":2,"x":1},"key":"a"}`},
			[]reconcile.Repeat{first, again},
			[]reconcile.State{create},
		},
		{"another email", []string{`{"key":"a","email":"a@x.io"}`, `{"key":"a"}`}, []reconcile.Repeat{first, differs}, []reconcile.State{conflict}},
		{
			"another attribute",
			[]string{`{"key":"a","attributes":{"x":1}}`, `{"key":"a","attributes":{"x":2}}`},
			[]reconcile.Repeat{first, differs},
			[]reconcile.State{conflict},
		},
		{
			"another role",
			[]string{`{"key":"a","role_assignments":[{"role":"r"}]}`, `{"key":"a","role_assignments":[{"role":"s"}]}`},
			[]reconcile.Repeat{first, differs},
			[]reconcile.State{conflict},
		},
		{
			"unknown roles and no roles",
			[]string{`{"key":"a"}`, `{"key":"a","role_assignments":[]}`},
			[]reconcile.Repeat{first, differs},
			[]reconcile.State{conflict},
		},
		{
			"the first again, after one that differs",
			[]string{`{"key":"a"}`, `{"key":"a","email":"a@x.io"}`, `{"key":"a"}`, `{"key":"b"}`},
			[]reconcile.Repeat{first, differs, again, first},
			[]reconcile.State{conflict, create},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := reconcile.New("default")
			var got []reconcile.Repeat
			for _, line := range tt.lines {
				got = append(got, p.WantUser(user(t, line)))
			}
			var states []reconcile.State
			for i := range p.Users() {
				states = append(states, p.State(i))
			}
			if !slices.Equal(got, tt.want) || !slices.Equal(states, tt.states) {
				t.Errorf("got %v and states %v, want %v and %v", got, states, tt.want, tt.states)
			}
		})
	}
}

func TestWantedAssignments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, roles string
		want        []string
	}{
		{"none", `[]`, nil},
		{"without a tenant it is the default one", `[{"role":"r"}]`, []string{"r@default"}},
		{"said twice, once by name", `[{"role":"r"},{"role":"r","tenant":"default"},{"role":"r"}]`, []string{"r@default"}},
		{"two tenants", `[{"role":"r","tenant":"acme"},{"role":"r"}]`, []string{"r@acme", "r@default"}},
		{"two roles", `[{"role":"s"},{"role":"r"}]`, []string{"s@default", "r@default"}},
		{"roles differ by case", `[{"role":"r"},{"role":"R"}]`, []string{"r@default", "R@default"}},
		{"an instance brings its own tenant", `[{"role":"r","resource_instance":"doc:1"}]`, []string{"r@#doc:1"}},
		{
			"an instance is not its tenant", `[{"role":"r","tenant":"acme"},{"role":"r","tenant":"acme","resource_instance":"doc:1"}]`,
			[]string{"r@acme", "r@acme#doc:1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// Users around it: what is one's own is not another's.
			p := planOf(t, `{"key":"before","role_assignments":[{"role":"x"}]}`,
				fmt.Sprintf(`{"key":"a","role_assignments":%s}`, tt.roles),
				`{"key":"after","role_assignments":[{"role":"r"},{"role":"y"}]}`)
			if got := wanting(p, 1); !slices.Equal(got, tt.want) {
				t.Errorf("wants %v, want %v", got, tt.want)
			}
			if got, want := wanting(p, 0), []string{"x@default"}; !slices.Equal(got, want) {
				t.Errorf("the user before wants %v, want %v", got, want)
			}
			if got, want := wanting(p, 2), []string{"r@default", "y@default"}; !slices.Equal(got, want) {
				t.Errorf("the user after wants %v, want %v", got, want)
			}
		})
	}
}

func TestWhatTheInputSpeaksOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line                string
		tenants, assignment bool
	}{
		{`{"key":"a"}`, false, false},
		{`{"key":"a","role_assignments":[]}`, false, false},
		{`{"key":"a","role_assignments":[{"role":"r"}]}`, true, true}, // the default tenant, which must be there
		{`{"key":"a","role_assignments":[{"role":"r","resource_instance":"doc:1"}]}`, false, true},
	}
	for _, tt := range tests {
		p := planOf(t, tt.line)
		if p.NamesTenants() != tt.tenants || p.WantsAssignments() != tt.assignment {
			t.Errorf("%s: NamesTenants %v, WantsAssignments %v", tt.line, p.NamesTenants(), p.WantsAssignments())
		}
	}
	p := reconcile.New("default")
	p.WantTenant(&record.Tenant{Key: "acme"})
	if !p.NamesTenants() || p.WantsAssignments() || p.Users() != 0 {
		t.Errorf("a tenant line: NamesTenants %v, WantsAssignments %v, Users %d", p.NamesTenants(), p.WantsAssignments(), p.Users())
	}
}

func TestHasTenant(t *testing.T) {
	t.Parallel()
	p := planOf(t, `{"key":"a","role_assignments":[{"role":"r","tenant":"acme"},{"role":"s"}]}`)
	p.HaveTenant("acme", "")
	p.HaveTenant("unheard-of", "")
	p.HaveRole("r")
	p.HaveRole("unheard-of")
	got := map[string]bool{}
	for _, key := range []string{"", "acme", "default", "unheard-of"} {
		got["tenant "+key] = p.HasTenant(key)
	}
	for _, key := range []string{"r", "s", "unheard-of"} {
		got["role "+key] = p.HasRole(key)
	}
	want := map[string]bool{
		"tenant ": true, "tenant acme": true, "tenant default": false, "tenant unheard-of": false,
		"role r": true, "role s": false, "role unheard-of": false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}
