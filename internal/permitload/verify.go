package permitload

import (
	"context"
	"fmt"

	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// verified looks at Permit again and holds it to what was loaded. What differs
// may only be late, so it looks for a while.
func (l *loader) verified(ctx context.Context) error {
	var looks *looks // counted from the end of the first, which may take long
	what := l.loaded()
	for {
		d, err := l.differences(ctx, what)
		if err != nil {
			return err
		}
		if d.n == 0 {
			l.tool.Say("verified: Permit has what was loaded")
			return nil
		}
		if looks == nil {
			looks = newLooks()
		}
		if looks.over() {
			l.tool.Problem("verify: %s between Permit and what was loaded", tool.Count(d.n, "difference"))
			for _, text := range d.shown {
				l.tool.Say("%s", text)
			}
			if more := d.n - len(d.shown); more > 0 {
				l.tool.Say("and %s more", tool.Thousands(more))
			}
			return tool.ErrRejected
		}
		l.tool.Log.Info("verify: waiting for late writes", "differences", d.n, "wait", looks.wait)
		if err := looks.next(ctx); err != nil {
			return err
		}
	}
}

// difference is what differs, as far as it is shown.
type difference struct {
	n     int
	shown []string
}

func (d *difference) add(format string, args ...any) {
	if d.n++; d.n <= shown {
		d.shown = append(d.shown, fmt.Sprintf(format, args...))
	}
}

// differences is the plan that a second load would have, of what this one has
// loaded.
func (l *loader) differences(ctx context.Context, what *loaded) (*difference, error) {
	cfg := l.config
	cfg.extra = ""
	again := newLoader(cfg, l.tool, l.permit)
	again.in.sources = l.in.sources // which stay l's to close
	defer again.close()
	if err := what.wanted(again); err != nil {
		return nil, err
	}
	if l.takeAway != nil {
		again.in.asOf = l.in.asOf
		if err := again.dated(); err != nil {
			return nil, err
		}
	}
	if err := again.readRoles(ctx); err != nil {
		return nil, err
	}
	if err := again.look(ctx); err != nil {
		return nil, err
	}
	return again.toDo()
}

// loaded is where the lines stand that a load has loaded, by which its plan can
// be let go: the next one takes as much memory.
type loaded struct {
	catalogue []place
	users     []place
	bare      map[int]bool // of users: without the email of their line
}

// loaded takes the plan's place.
func (l *loader) loaded() *loaded {
	what := &loaded{users: l.in.users[:0], bare: map[int]bool{}}
	for _, c := range l.in.catalogue {
		if _, refused := l.broken[outcome{c.kind, c.key}]; !refused && l.has(c) {
			what.catalogue = append(what.catalogue, c.place)
		}
	}
	for i, at := range l.in.users {
		switch l.plan.State(i) {
		case reconcile.Same, reconcile.Touched, reconcile.Written:
			if l.dropped[i] {
				what.bare[len(what.users)] = true
			}
			what.users = append(what.users, at)
		}
	}
	l.plan, l.in.plan = nil, nil
	return what
}

// wanted gives another loader what was loaded.
func (w *loaded) wanted(again *loader) error {
	for _, at := range w.catalogue {
		text, err := again.in.text(at)
		if err != nil {
			return err
		}
		if err := again.in.take(text, at); err != nil {
			return err
		}
	}
	again.in.users = w.users
	for i, at := range w.users {
		u, err := again.in.user(at)
		if err != nil {
			return err
		}
		if w.bare[i] {
			u.Email = ""
			again.dropped[i] = true
		}
		again.plan.WantUser(u)
	}
	return nil
}

// toDo is the plan as lines: + lacking, ~ other, - too much.
func (l *loader) toDo() (*difference, error) {
	d := &difference{}
	roles, tenants := l.plan.Missing()
	for _, r := range roles {
		d.add("+ role %s", r.Key)
	}
	for _, t := range tenants {
		d.add("+ tenant %s", t.Key)
	}
	for _, r := range l.plan.Renamed() {
		d.add("~ tenant %s", r.Key)
	}
	for i := range l.plan.Users() {
		mark := ""
		switch l.plan.State(i) {
		case reconcile.Create:
			mark = "+"
		case reconcile.Update, reconcile.TakenEmail:
			mark = "~"
		}
		if mark == "" && !l.wants(i) {
			continue
		}
		u, err := l.in.user(l.in.users[i])
		if err != nil {
			return nil, err
		}
		if mark != "" {
			d.add("%s user %s", mark, u.Key)
		}
		for a := range l.plan.Wanting(i) {
			d.add("+ role assignment %s %s %s", u.Key, a.Role, a.Tenant+a.ResourceInstance)
		}
	}
	if l.takeAway != nil {
		for _, s := range l.takeAway.surplus {
			d.add("- role assignment %s %s %s", s.User, s.Role, s.Tenant)
		}
	}
	return d, nil
}
