package reconcile_test

import (
	"maps"
	"slices"
	"strings"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// world is a naive model of Permit: it holds everything by key.
type world struct {
	users          map[string]record.User
	assigned       map[string]assignmentSet // by user
	roles, tenants map[string]bool
	refuses        bool // it refuses an email that another user has
}

type assignmentSet = map[record.RoleAssignment]bool

// plan makes a plan of the lines and the world, as permitload does.
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

// apply carries out a plan. It returns whose lines are not loaded and why, such as "a
// conflicted".
func (w *world) apply(p *reconcile.Plan, lines []record.User) (rejected []string) {
	roles, tenants := toCreate(p)
	for _, r := range roles {
		w.roles[r.Key] = true
	}
	for _, t := range tenants {
		w.tenants[t.Key] = true
	}
	users, refused := firstLines(lines), map[int]bool{}
	for op := range p.Operations() {
		if op.RecordID() != (reconcile.RecordID{}) {
			continue
		}
		line := users[op.User]
		if w.refuses && p.SharesEmail(op.User) && w.hasOther(line) {
			refused[op.User] = true
		}
		if refused[op.User] {
			continue
		}
		switch op.Op {
		case reconcile.Create:
			u, _ := p.UserToWrite(&line, nil)
			u.RoleAssignments = nil
			w.users[line.Key] = u
		case reconcile.Update:
			have := w.users[line.Key]
			w.users[line.Key], _ = p.UserToWrite(&line, &have)
		default:
			a := op.Assignment
			if a.ResourceInstance != "" && a.Tenant == "" {
				a.Tenant = instanceTenant(a.ResourceInstance)
			}
			if w.assigned[line.Key] == nil {
				w.assigned[line.Key] = assignmentSet{}
			}
			w.assigned[line.Key][a] = true
		}
	}
	for i, what := range fatesOf(p) {
		if refused[i] {
			what = "taken"
		}
		if what == "conflicted" || what == "taken" {
			rejected = append(rejected, users[i].Key+" "+what)
		}
	}
	return rejected
}

// hasOther reports whether another user has the email of a line.
func (w *world) hasOther(line record.User) bool {
	for key, u := range w.users {
		if key != line.Key && u.Email != "" && strings.EqualFold(u.Email, line.Email) {
			return true
		}
	}
	return false
}

func (w *world) clone() *world {
	c := &world{maps.Clone(w.users), map[string]assignmentSet{}, maps.Clone(w.roles), maps.Clone(w.tenants), w.refuses}
	for key, assigned := range w.assigned {
		c.assigned[key] = maps.Clone(assigned)
	}
	return c
}

// instanceTenant returns the tenant of a resource instance: doc:acme1 is in acme.
func instanceTenant(instance string) string {
	return strings.TrimSuffix(strings.TrimPrefix(instance, "doc:"), "1")
}

// firstLines returns the first line of each key.
func firstLines(lines []record.User) []record.User {
	var first []record.User
	for _, line := range lines {
		if !slices.ContainsFunc(first, func(u record.User) bool { return u.Key == line.Key }) {
			first = append(first, line)
		}
	}
	return first
}

// withTenant returns an assignment as Permit lists it, with its tenant.
func withTenant(a record.RoleAssignment) record.RoleAssignment {
	switch {
	case a.ResourceInstance != "":
		a.Tenant = instanceTenant(a.ResourceInstance)
	case a.Tenant == "":
		a.Tenant = "default"
	}
	return a
}

// dice makes choices from a fuzzer's bytes. When it runs out of bytes, it always makes
// the first choice.
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

// email chooses one of a few emails, so that lines collide with each other and with
// Permit.
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
		if d.n(6) == 1 {
			u.Email, u.Nulls = "", record.Email
		}
		if d.n(6) == 1 {
			u.FirstName, u.Nulls = "", u.Nulls|record.FirstName
		}
		if d.n(6) == 1 {
			u.Attributes, u.Nulls = nil, u.Nulls|record.Attributes
		}
		for range d.n(4) {
			u.RoleAssignments = append(u.RoleAssignments, d.assignment())
		}
		if lines = append(lines, u); d.n(6) == 1 {
			lines = append(lines, u)
		}
	}
	return lines
}

// world makes up a world that Permit would allow: the roles and tenants of its
// assignments exist and, if it refuses shared emails, its emails are unique.
func (d *dice) world() *world {
	w := &world{
		users: map[string]record.User{}, assigned: map[string]assignmentSet{},
		roles: map[string]bool{}, tenants: map[string]bool{"default": true}, refuses: d.n(2) == 1,
	}
	taken := map[string]bool{}
	for range d.n(7) {
		u := d.user(d.of("a", "b", "c", "d", "y", "z"))
		if w.users[u.Key].Key != "" || w.refuses && taken[strings.ToLower(u.Email)] {
			continue
		}
		taken[strings.ToLower(u.Email)] = u.Email != ""
		w.users[u.Key], w.assigned[u.Key] = u, assignmentSet{}
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
