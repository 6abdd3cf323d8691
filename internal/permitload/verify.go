package permitload

import (
	"context"
	"time"

	"a0permit/internal/httpapi"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// verified looks at Permit again and holds it to what was loaded. What differs
// may only be late, so it looks for a while.
func (l *loader) verified(ctx context.Context) error {
	deadline := time.Now().Add(patience)
	for wait := firstLook; ; wait = min(wait*3/2, lastLook) {
		list, err := l.differences(ctx)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			l.tool.Say("verified: Permit has what was loaded")
			return nil
		}
		if time.Now().Add(wait).After(deadline) {
			l.tool.Problem("verify: %s between Permit and what was loaded", tool.Count(len(list), "difference"))
			for i, text := range list {
				if i == shown {
					l.tool.Say("and %d more", len(list)-shown)
					break
				}
				l.tool.Say("%s", text)
			}
			return tool.ErrRejected
		}
		l.tool.Log.Info("verify: waiting for late writes", "differences", len(list), "wait", wait)
		if err := httpapi.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// differences is the plan that a second load would have, of what this one has
// loaded.
func (l *loader) differences(ctx context.Context) ([]string, error) {
	cfg := l.config
	cfg.extra = ""
	again := newLoader(cfg, l.tool, l.permit)
	again.in.sources = l.in.sources // which stay l's to close
	defer again.close()
	if err := l.repeat(again); err != nil {
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

// repeat gives another loader what this one has loaded.
func (l *loader) repeat(again *loader) error {
	for _, c := range l.in.catalogue {
		text, err := l.in.text(c.place)
		if err != nil {
			return err
		}
		has := l.plan.HasRole
		if c.kind == record.TypeTenant {
			has = l.plan.HasTenant
		}
		if _, refused := l.broken[outcome{c.kind, c.key}]; refused || !has(c.key) {
			continue
		}
		if err := again.in.take(text, c.place); err != nil {
			return err
		}
	}
	for i := range l.plan.Users() {
		switch l.plan.State(i) {
		case reconcile.Same, reconcile.Touched, reconcile.Written:
		default:
			continue
		}
		u, err := l.in.user(l.in.users[i])
		if err != nil {
			return err
		}
		if l.dropped[i] {
			u.Email = ""
			again.dropped[len(again.in.users)] = true
		}
		again.plan.WantUser(u)
		again.in.users = append(again.in.users, l.in.users[i])
	}
	return nil
}

// toDo is the plan as lines: + lacking, ~ other, - too much.
func (l *loader) toDo() ([]string, error) {
	var list []string
	roles, tenants := l.plan.Missing()
	for _, r := range roles {
		list = append(list, "+ role "+r.Key)
	}
	for _, t := range tenants {
		list = append(list, "+ tenant "+t.Key)
	}
	for _, r := range l.plan.Renamed() {
		list = append(list, "~ tenant "+r.Key)
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
			list = append(list, mark+" user "+u.Key)
		}
		for a := range l.plan.Wanting(i) {
			list = append(list, "+ role assignment "+u.Key+" "+a.Role+" "+a.Tenant+a.ResourceInstance)
		}
	}
	if l.takeAway != nil {
		for _, s := range l.takeAway.surplus {
			list = append(list, "- role assignment "+s.User+" "+s.Role+" "+s.Tenant)
		}
	}
	return list, nil
}
