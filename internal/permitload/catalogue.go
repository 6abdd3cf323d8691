package permitload

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// oneByOne is up to how many missing roles are created by single calls: as
// many as a minute's limit for schema writes allows. Above, one bulk call does
// it, which is not the first choice since it would also replace a role that
// somebody creates at that moment.
const oneByOne = 40

// createRoles creates the roles that are missing. The list is read again
// first: somebody may have created them while the question was open.
func (l *loader) createRoles(ctx context.Context) error {
	if missing, _ := l.plan.Missing(); len(missing) == 0 {
		return nil
	}
	if err := l.readRoles(ctx); err != nil {
		return err
	}
	l.haveRoles()
	missing, _ := l.plan.Missing()
	size := permit.MaxRoles
	b := bulk[record.Role]{
		send: func(ctx context.Context, roles []record.Role) error {
			all := make([]permit.Role, len(roles))
			for i, r := range roles {
				all[i] = asRole(r)
			}
			return l.permit.PutRoles(ctx, all)
		},
		one: func(ctx context.Context, r record.Role) error { return there(l.permit.CreateRole(ctx, asRole(r))) },
		done: func(r record.Role) {
			l.plan.HaveRole(r.Key)
			l.created[outcome{record.TypeRole, r.Key}] = true
		},
		refuse: func(r record.Role, f fault) error {
			l.broken[outcome{record.TypeRole, r.Key}] = f
			return nil
		},
		size:    &size,
		inOrder: true, // an interrupt between two leaves as little as can be
	}
	send := deliver[record.Role]
	if len(missing) <= oneByOne {
		send = singly[record.Role]
	}
	if err := send(ctx, l, missing, b); err != nil {
		return err
	}
	if n := len(missing) - len(l.broken); n > 0 {
		l.tool.Warn("%s created in Permit: nobody is allowed anything by them until they are given permissions there", tool.Count(n, "role"))
	}
	return nil
}

func asRole(r record.Role) permit.Role {
	return permit.Role{Key: r.Key, Name: r.Name, Description: r.Description, Attributes: r.Attributes}
}

// createTenants creates the tenants that are missing.
func (l *loader) createTenants(ctx context.Context) error {
	_, missing := l.plan.Missing()
	size := permit.MaxTenants
	return deliver(ctx, l, missing, bulk[record.Tenant]{
		send: l.sendTenants,
		one: func(ctx context.Context, t record.Tenant) error {
			return there(l.permit.CreateTenant(ctx, asTenant(t)))
		},
		done: func(t record.Tenant) {
			l.plan.HaveTenant(t.Key, "")
			l.created[outcome{record.TypeTenant, t.Key}] = true
		},
		refuse: func(t record.Tenant, f fault) error {
			l.broken[outcome{record.TypeTenant, t.Key}] = f
			return nil
		},
		size: &size,
	})
}

// renameTenants gives tenants the names that the input has for them. Each is
// a call of its own: Permit has no bulk call that changes tenants.
func (l *loader) renameTenants(ctx context.Context) error {
	return singly(ctx, l, l.plan.Renamed(), bulk[reconcile.Rename]{
		one: func(ctx context.Context, r reconcile.Rename) error { return l.permit.RenameTenant(ctx, r.Key, r.To) },
		done: func(r reconcile.Rename) {
			l.plan.HaveTenant(r.Key, r.To)
			l.created[outcome{record.TypeTenant, r.Key}] = true
		},
		refuse: func(r reconcile.Rename, f fault) error {
			l.broken[outcome{record.TypeTenant, r.Key}] = f
			return nil
		},
	})
}

// sendTenants makes one bulk call, and another without those that are there
// already: an answer may have been lost.
func (l *loader) sendTenants(ctx context.Context, tenants []record.Tenant) error {
	all := make([]permit.Tenant, len(tenants))
	for i, t := range tenants {
		all[i] = asTenant(t)
	}
	err := l.permit.CreateTenants(ctx, all)
	if permit.Status(err) != http.StatusConflict {
		return err
	}
	if err := l.lookTenants(ctx); err != nil {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(tenants), func(t record.Tenant) bool { return l.plan.HasTenant(t.Key) })
	switch len(rest) {
	case 0:
		return nil
	case len(tenants):
		return err
	}
	return unplaced(l.sendTenants(ctx, rest))
}

func asTenant(t record.Tenant) permit.Tenant {
	return permit.Tenant{Key: t.Key, Name: t.Name, Attributes: t.Attributes}
}

// outcome names a role or a tenant whose creation was tried.
type outcome struct{ kind, key string }

// lacking is the fault of a line that names a role or a tenant that Permit
// does not have.
func (l *loader) lacking(kind, key string) fault {
	if f, ok := l.broken[outcome{kind, key}]; ok {
		tried := "created"
		if kind == record.TypeTenant && l.plan.HasTenant(key) {
			tried = "renamed"
		}
		f.Message = fmt.Sprintf("%s %s could not be %s: %s", kind, key, tried, f.Message)
		return f
	}
	return fault{Code: "missing_" + kind, Message: fmt.Sprintf("Permit has no %s %s", kind, key), Retryable: true}
}

// has reports whether Permit has the role or the tenant of a line.
func (l *loader) has(line catalogueLine) bool {
	if line.kind == record.TypeTenant {
		return l.plan.HasTenant(line.key)
	}
	return l.plan.HasRole(line.key)
}

// renamed is the tenants that Permit has by another name still.
func (l *loader) renamed() map[string]bool {
	renamed := map[string]bool{}
	for _, r := range l.plan.Renamed() {
		renamed[r.Key] = true
	}
	return renamed
}

// closeCatalogue settles what became of the role and tenant lines. Lines of
// one key are one.
func (l *loader) closeCatalogue(stopped error, note func(error)) {
	met := map[outcome]bool{}
	renamed := l.renamed()
	for _, line := range l.in.catalogue {
		what := outcome{line.kind, line.key}
		t := l.in.tallies[line.kind]
		switch {
		case !l.has(line), line.kind == record.TypeTenant && renamed[line.key]:
			t.NotLoaded++
			f := l.lacking(line.kind, line.key)
			if _, tried := l.broken[what]; !tried && (stopped != nil || l.has(line)) {
				f = notReached(stopped)
			}
			note(l.putLine(line.place, f))
		case met[what]:
			t.Repeated++
		case l.created[what]:
			t.Loaded++
		default:
			t.Unchanged++
		}
		met[what] = true
	}
}
