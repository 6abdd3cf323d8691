package reconcile_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// world is Permit as a naive model holds it: everything, by key.
type world struct {
	users          map[string]record.User
	assigned       map[string]map[record.RoleAssignment]bool // by user
	roles, tenants map[string]bool
}

// plan holds the lines against the world as permitload does.
func (w *world) plan(lines []record.User) *reconcile.Plan {
	d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
	byNumber := []record.User{}
	for _, line := range lines {
		if d.WantUser(&line) == reconcile.First {
			byNumber = append(byNumber, line)
		}
	}
	d.Finish()
	return planAgainst(d, func(c *reconcile.Current) {
		for key := range w.roles {
			c.HaveRole(record.Role{Key: key})
		}
		for key := range w.tenants {
			c.HaveTenant(key, "")
		}
		for key, have := range w.users {
			if i, ok := c.HaveUser(key, have.Email); ok {
				c.Compare(i, &byNumber[i], &have)
			}
		}
		for key, assigned := range w.assigned {
			for a := range assigned {
				haveOldAssignment(c, key, a)
			}
		}
	})
}

// apply does what the plan says, and says whose lines were not loaded.
func (w *world) apply(p *reconcile.Plan, lines []record.User) (rejected []string) {
	roles, tenants := toCreate(p)
	for _, r := range roles {
		w.roles[r.Key] = true
	}
	for _, t := range tenants {
		w.tenants[t.Key] = true
	}
	users := firstLines(lines)
	for op := range p.Operations() {
		if op.RecordID() != (reconcile.RecordID{}) {
			continue
		}
		line := users[op.User]
		switch op.Op {
		case reconcile.Create:
			u := p.UserToWrite(op.User, &line, nil)
			u.RoleAssignments = nil
			w.users[line.Key] = u
		case reconcile.Update:
			have := w.users[line.Key]
			w.users[line.Key] = p.UserToWrite(op.User, &line, &have)
		default:
			a := op.Assignment
			if a.ResourceInstance != "" && a.Tenant == "" {
				a.Tenant = instanceTenant(a.ResourceInstance)
			}
			if w.assigned[line.Key] == nil {
				w.assigned[line.Key] = map[record.RoleAssignment]bool{}
			}
			w.assigned[line.Key][a] = true
		}
	}
	for i, what := range fatesOf(p) {
		if what == "conflicted" || what == "taken" {
			rejected = append(rejected, users[i].Key+" "+what)
		}
	}
	return rejected
}

func (w *world) clone() *world {
	c := &world{maps.Clone(w.users), map[string]map[record.RoleAssignment]bool{}, maps.Clone(w.roles), maps.Clone(w.tenants)}
	for key, assigned := range w.assigned {
		c.assigned[key] = maps.Clone(assigned)
	}
	return c
}

// check holds the world after a load against what was there and the lines.
func (w *world) check(t *testing.T, before *world, lines []record.User, rejected []string) {
	t.Helper()
	owner := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(w.users)) {
		if email := strings.ToLower(w.users[key].Email); email != "" {
			if owner[email] != "" {
				t.Errorf("%s and %s have one email", owner[email], key)
			}
			owner[email] = key
		}
	}
	loaded := map[string]bool{}
	for _, line := range firstLines(lines) {
		differs := slices.ContainsFunc(lines, func(u record.User) bool { return u.Key == line.Key && !reflect.DeepEqual(u, line) })
		conflicted := slices.Contains(rejected, line.Key+" conflicted")
		taken := slices.Contains(rejected, line.Key+" taken")
		if conflicted != differs {
			t.Errorf("%s: conflicted %v, lines differ %v", line.Key, conflicted, differs)
		}
		if holder := owner[strings.ToLower(line.Email)]; taken && !w.mayHave(holder, line, before, lines) {
			t.Errorf("%s was rejected for an email that is %q's", line.Key, holder)
		}
		if loaded[line.Key] = !conflicted && !taken; loaded[line.Key] {
			w.checkLine(t, before.users[line.Key], line)
		}
	}
	for key, u := range before.users {
		if !loaded[key] && !reflect.DeepEqual(u, w.users[key]) {
			t.Errorf("%s was not loaded, and is %v instead of %v", key, w.users[key], u)
		}
		for a := range before.assigned[key] {
			if !w.assigned[key][a] {
				t.Errorf("%s has lost %v", key, a)
			}
		}
	}
	for key := range w.users {
		if _, ok := before.users[key]; !ok && !loaded[key] {
			t.Errorf("%s came from nowhere", key)
		}
	}
	for key := range w.assigned {
		want := maps.Clone(before.assigned[key])
		for _, line := range firstLines(lines) {
			if line.Key == key && loaded[key] {
				if want == nil {
					want = map[record.RoleAssignment]bool{}
				}
				for _, a := range line.RoleAssignments {
					want[withTenant(a)] = true
				}
			}
		}
		if !maps.Equal(want, w.assigned[key]) {
			t.Errorf("%s has %v, want %v", key, w.assigned[key], want)
		}
	}
}

// mayHave reports whether holder has the email of another user's line by
// right: it had it before, or its line comes first.
func (w *world) mayHave(holder string, line record.User, before *world, lines []record.User) bool {
	if holder == "" || holder == line.Key {
		return false
	}
	first := func(key string) int {
		return slices.IndexFunc(lines, func(u record.User) bool { return u.Key == key })
	}
	return strings.EqualFold(before.users[holder].Email, line.Email) || first(holder) < first(line.Key)
}

// checkLine holds a user against its line, and where the line says nothing
// against what it was.
func (w *world) checkLine(t *testing.T, was, line record.User) {
	t.Helper()
	is := w.users[line.Key]
	for _, f := range []struct{ name, was, line, is string }{
		{"email", strings.ToLower(was.Email), strings.ToLower(line.Email), strings.ToLower(is.Email)},
		{"first name", was.FirstName, line.FirstName, is.FirstName},
	} {
		want := f.line
		if want == "" {
			want = f.was
		}
		if f.is != want {
			t.Errorf("%s: %s is %q, want %q", line.Key, f.name, f.is, want)
		}
	}
	for _, name := range []string{"x", "y"} {
		want, named := line.Attributes[name]
		if !named {
			want = was.Attributes[name]
		}
		empty := want == nil || want == ""
		if got := is.Attributes[name]; got != want && (!empty || got != nil && got != "") {
			t.Errorf("%s: attribute %s is %v, want %v", line.Key, name, got, want)
		}
	}
}

// instanceTenant is the tenant that an instance is in: "doc:acme1" is in acme.
func instanceTenant(instance string) string {
	return strings.TrimSuffix(strings.TrimPrefix(instance, "doc:"), "1")
}

// firstLines is the first line of each key.
func firstLines(lines []record.User) []record.User {
	var first []record.User
	for _, line := range lines {
		if !slices.ContainsFunc(first, func(u record.User) bool { return u.Key == line.Key }) {
			first = append(first, line)
		}
	}
	return first
}

// withTenant is an assignment as Permit lists it, with its tenant.
func withTenant(a record.RoleAssignment) record.RoleAssignment {
	switch {
	case a.ResourceInstance != "":
		a.Tenant = instanceTenant(a.ResourceInstance)
	case a.Tenant == "":
		a.Tenant = "default"
	}
	return a
}

// dice makes choices out of a fuzzer's bytes; when they are used up it always
// chooses the first.
type dice []byte

func (d *dice) n(sides int) int {
	if len(*d) == 0 {
		return 0
	}
	b := (*d)[0]
	*d = (*d)[1:]
	return int(b) % sides
}

func (d *dice) of(words ...string) string { return words[d.n(len(words))] }

// Few of everything, so that lines meet each other and Permit.
func (d *dice) email() string {
	return d.of("", "1@x.io", "2@x.io", "3@x.io", "4@x.io", "1@X.io", "2@X.io")
}

func (d *dice) user(key string) record.User {
	u := record.User{Key: key, Email: d.email(), FirstName: d.of("", "Ann", "Bob")}
	if d.n(2) == 1 {
		u.Attributes = map[string]any{d.of("x", "y"): []any{float64(1), float64(2), "s", "", nil}[d.n(5)]}
	}
	return u
}

func (d *dice) assignment() record.RoleAssignment {
	a := record.RoleAssignment{Role: d.of("r", "s"), Tenant: d.of("", "default", "acme")}
	if d.n(4) == 1 {
		a.ResourceInstance = "doc:" + d.of("default", "acme") + "1"
		if a.Tenant != "" {
			a.Tenant = instanceTenant(a.ResourceInstance)
		}
	}
	return a
}

func (d *dice) lines() []record.User {
	var lines []record.User
	for range 1 + d.n(8) {
		u := d.user(d.of("a", "b", "c", "d", "e"))
		for range d.n(4) {
			u.RoleAssignments = append(u.RoleAssignments, d.assignment())
		}
		if lines = append(lines, u); d.n(6) == 1 {
			lines = append(lines, u)
		}
	}
	return lines
}

// world is one that Permit would allow: its emails are unique, and it has
// what its assignments name.
func (d *dice) world() *world {
	w := &world{
		users: map[string]record.User{}, assigned: map[string]map[record.RoleAssignment]bool{},
		roles: map[string]bool{}, tenants: map[string]bool{"default": true},
	}
	taken := map[string]bool{}
	for range d.n(7) {
		u := d.user(d.of("a", "b", "c", "d", "y", "z"))
		if w.users[u.Key].Key != "" || taken[strings.ToLower(u.Email)] {
			continue
		}
		taken[strings.ToLower(u.Email)] = u.Email != ""
		w.users[u.Key], w.assigned[u.Key] = u, map[record.RoleAssignment]bool{}
		for range d.n(4) {
			a := d.assignment()
			if a.Tenant = "default"; a.ResourceInstance != "" {
				a.Tenant = instanceTenant(a.ResourceInstance)
			}
			w.assigned[u.Key][a] = true
			w.roles[a.Role], w.tenants[a.Tenant] = true, true
		}
	}
	return w
}
