package permitload

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// pending is an assignment to be made, with the user's key.
type pending struct {
	reconcile.Assignment
	key string
}

// write is a user to be written, with its number in the plan.
type write struct {
	permit.User
	number int
}

// applyShown is apply, with how far it is on the screen.
func (l *loader) applyShown(ctx context.Context, create bool) error {
	c := l.plan.Counts()
	total := c.Create + c.Update + c.Assign + l.takeAway.count() + len(l.plan.Renamed())
	if create {
		roles, tenants := l.plan.Missing()
		total += len(roles) + len(tenants)
	} else {
		total -= c.Blocked
	}
	if total > 0 {
		l.progress = l.tool.Progress("writing", total)
		defer l.progress.End()
	}
	return l.apply(ctx, create)
}

// apply brings Permit to the planned state: roles, tenants, then users and
// behind them their assignments.
func (l *loader) apply(ctx context.Context, create bool) error {
	if create {
		if err := l.createRoles(ctx); err != nil {
			return err
		}
		if err := l.createTenants(ctx); err != nil {
			return err
		}
	}
	if err := l.renameTenants(ctx); err != nil {
		return err
	}
	if err := l.applyUsers(ctx); err != nil {
		return err
	}
	l.ready = append(l.ready, l.waiting...)
	l.waiting = nil
	if err := l.assign(ctx, 1); err != nil || l.takeAway == nil {
		return err
	}
	return l.unassign(ctx)
}

// applyUsers writes users in full batches; the assignments of a batch follow
// after the next one, by when its users should be visible.
func (l *loader) applyUsers(ctx context.Context) (failed error) {
	var batch []write
	flush := func() error {
		l.ready = append(l.ready, l.waiting...)
		l.waiting = nil
		if err := l.keeping(ctx, batch, func() error { return l.putUsers(ctx, batch) }); err != nil {
			return err
		}
		batch = batch[:0]
		return l.assign(ctx, permit.MaxAssignments)
	}
	put := func(i int) error {
		switch l.plan.State(i) {
		case reconcile.Create, reconcile.Update:
			u, err := l.body(i)
			if err != nil {
				return err
			}
			if batch = append(batch, write{u, i}); len(batch) == permit.MaxUsers {
				return flush()
			}
		case reconcile.Same:
			if err := l.touch(i); err != nil {
				return err
			}
			return l.assign(ctx, permit.MaxAssignments)
		}
		return nil
	}
	first, rings, err := l.releasing()
	if err != nil {
		return err
	}
	err = l.standIn(ctx, rings)
	// What stands in does not stay, whatever else happens.
	defer func() { failed = errors.Join(failed, l.giveBack(context.WithoutCancel(ctx))) }()
	if err != nil {
		return err
	}
	for _, i := range first {
		if err := put(i); err != nil {
			return err
		}
	}
	for i := range l.plan.Users() {
		if l.releases(i) {
			continue
		}
		if err := put(i); err != nil {
			return err
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return flush()
}

// releasing is the users who give an email up, which may be another's then:
// each behind the one whose email it takes. Where users pass their emails round
// in a ring, nobody can be the first: rings has one of each ring.
func (l *loader) releasing() (order, rings []int, err error) {
	met := map[int]bool{}
	for i := range l.plan.Users() {
		var chain []int
		j, ok := i, l.releases(i)
		for ok && !met[j] {
			met[j] = true
			chain = append(chain, j)
			u, err := l.body(j)
			if err != nil {
				return nil, nil, err
			}
			j, ok = l.released[reconcile.FoldEmail(u.Email)]
			ok = ok && l.releases(j)
		}
		if ok && len(chain) > 1 && slices.Contains(chain, j) {
			rings = append(rings, j)
		}
		slices.Reverse(chain)
		order = append(order, chain...)
	}
	return order, rings, nil
}

// releases reports whether user i is to be written and gives an email up by
// that.
func (l *loader) releases(i int) bool { return l.gives[i] != "" && l.plan.State(i) == reconcile.Update }

// standIn gives one user of each ring an email that is nobody's, until all of
// the ring are written. An email is told apart by its user's key, and keeps its
// domain, since Permit may look at that. Where it is refused, the ring is too,
// and comes out.
func (l *loader) standIn(ctx context.Context, rings []int) error {
	return singly(ctx, l, rings, bulk[int]{
		one: func(ctx context.Context, i int) error {
			u, err := l.body(i)
			if err != nil {
				return err
			}
			_, domain, _ := strings.Cut(l.gives[i], "@")
			sum := sha256.Sum256([]byte(u.Key))
			return l.permit.SetEmail(ctx, u.Key, fmt.Sprintf("a0permit-%x@%s", sum[:12], domain))
		},
		done:   func(i int) { l.stoodIn = append(l.stoodIn, i) },
		refuse: func(int, fault) error { return nil },
	})
}

// giveBack gives those who stood in and could not be written the email again
// that they had.
func (l *loader) giveBack(ctx context.Context) error {
	var left []int
	for _, i := range l.stoodIn {
		if l.plan.State(i) != reconcile.Written {
			left = append(left, i)
		}
	}
	return singly(ctx, l, left, bulk[int]{
		one: func(ctx context.Context, i int) error {
			u, err := l.in.user(l.in.users[i])
			if err != nil {
				return err
			}
			return l.permit.SetEmail(ctx, u.Key, l.gives[i])
		},
		done: func(int) {},
		refuse: func(i int, f fault) error {
			l.tool.Problem("a user of the input keeps an email a0permit-... that stood in for its own: %s", f.Code)
			return l.fail(i, f)
		},
	})
}

func (l *loader) sendUsers(ctx context.Context, batch []write) error {
	users := make([]permit.User, len(batch))
	for i, w := range batch {
		users[i] = w.User
	}
	return l.permit.PutUsers(ctx, users)
}

func (l *loader) putUser(ctx context.Context, w write) error { return l.permit.PutUser(ctx, w.User) }

// touch queues what a user who is as the line says lacks in assignments.
func (l *loader) touch(i int) error {
	for range l.plan.Wanting(i) {
		u, err := l.in.user(l.in.users[i])
		if err != nil {
			return err
		}
		l.plan.SetState(i, reconcile.Touched)
		return l.queue(i, u.Key, &l.ready)
	}
	return nil
}

// queue queues the assignments that user i lacks.
func (l *loader) queue(i int, key string, into *[]pending) error {
	for a := range l.plan.Wanting(i) {
		var err error
		switch {
		case !l.plan.HasRole(a.Role):
			err = l.fail(i, l.lacking(record.TypeRole, a.Role))
		case !l.plan.HasTenant(a.Tenant):
			err = l.fail(i, l.lacking(record.TypeTenant, a.Tenant))
		default:
			*into = append(*into, pending{a, key})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) putUsers(ctx context.Context, batch []write) error {
	var faults error
	err := deliver(ctx, l, batch, bulk[write]{
		send: l.sendUsers,
		one:  l.putUser,
		done: func(w write) {
			l.plan.SetState(w.number, reconcile.Written)
			faults = errors.Join(faults, l.queue(w.number, w.Key, &l.waiting))
		},
		refuse:  func(w write, f fault) error { return l.fail(w.number, f) },
		size:    &l.userSize,
		inOrder: len(l.released) > 0,
	})
	return errors.Join(err, faults)
}

// assign makes the assignments that are ready, as long as there are at least
// so many: calls are scarce, so they go out full.
func (l *loader) assign(ctx context.Context, atLeast int) error {
	for len(l.ready) >= atLeast {
		batch := l.ready[:min(len(l.ready), permit.MaxAssignments)]
		if err := l.putAssignments(ctx, batch); err != nil {
			return err
		}
		l.ready = l.ready[len(batch):]
	}
	return nil
}

func (l *loader) putAssignments(ctx context.Context, batch []pending) error {
	return l.deliverAssignments(ctx, batch, func(a pending) {
		l.plan.Made(a.Assignment)
		l.report.Assigned++
	})
}

// deliverAssignments makes assignments, and counts each that is made by done.
func (l *loader) deliverAssignments(ctx context.Context, batch []pending, done func(pending)) error {
	return deliver(ctx, l, batch, bulk[pending]{
		send:   l.sendAssignments,
		one:    l.assignOne,
		done:   done,
		refuse: func(a pending, f fault) error { return l.fail(a.User, f) },
		size:   &l.assignmentSize,
	})
}

// sendAssignments makes one bulk call, and a few more where the refusal says
// that the server was late or that some are there already.
func (l *loader) sendAssignments(ctx context.Context, batch []pending) error {
	awaited := l.late.Load() // it was late before, so look before the call is spent
	if awaited {
		if _, err := l.await(ctx, batch); err != nil {
			return err
		}
	}
	shrunk := false // then an answer's places are no longer the caller's
	for tries := 0; ; tries++ {
		body := make([]permit.Assignment, len(batch))
		for i, a := range batch {
			body[i] = a.call()
		}
		err := l.permit.Assign(ctx, body)
		if shrunk {
			err = unplaced(err)
		}
		if err == nil || tries == 3 {
			return err
		}
		switch status := permit.Status(err); {
		case status == http.StatusNotFound && aboutUser(err) && !awaited:
			awaited = true
			if visible, failed := l.await(ctx, batch); failed != nil {
				return failed
			} else if !visible {
				return err
			}
		case status == http.StatusConflict:
			rest, looked := l.unmade(ctx, batch, httpapi.Unanswered(err))
			switch {
			case looked != nil:
				return looked
			case len(rest) == 0:
				return nil
			case len(rest) == len(batch):
				return err
			}
			batch, shrunk = rest, true
		default:
			return err
		}
	}
}

func (a pending) call() permit.Assignment {
	return permit.Assignment{User: a.key, Role: a.Role, Tenant: a.Tenant, ResourceInstance: a.ResourceInstance}
}

// assignOne makes one assignment; 409 says that it is there.
func (l *loader) assignOne(ctx context.Context, a pending) error {
	err := l.there(ctx, a, l.permit.AssignOne(ctx, a.call()))
	if permit.Status(err) != http.StatusNotFound || !aboutUser(err) {
		return err
	}
	if visible, awaited := l.await(ctx, []pending{a}); awaited != nil || !visible {
		return errors.Join(awaited, err)
	}
	return l.there(ctx, a, l.permit.AssignOne(ctx, a.call()))
}

// there takes a 409 for what it says, but on a resource instance: that may be
// another tenant's, and the answer is the same.
func (l *loader) there(ctx context.Context, a pending, err error) error {
	if permit.Status(err) != http.StatusConflict || a.ResourceInstance == "" {
		return there(err)
	}
	rest, looked := l.unmade(ctx, []pending{a}, httpapi.Unanswered(err))
	if looked != nil {
		return looked
	}
	if len(rest) > 0 {
		return err
	}
	return nil
}

// there takes a 409 for what it says: the thing is there already.
func there(err error) error {
	if permit.Status(err) == http.StatusConflict {
		return nil
	}
	return err
}

// unmade is the part of batch that Permit does not have yet. Where an answer was
// lost, some of it must show: the list may be late, and is asked for again.
func (l *loader) unmade(ctx context.Context, batch []pending, lost bool) ([]pending, error) {
	deadline := time.Now().Add(patience)
	for wait := firstLook; ; wait = min(wait*3/2, lastLook) {
		have, err := l.assignments(ctx, keys(batch))
		if err != nil {
			return nil, err
		}
		made := set(have)
		var rest []pending
		for _, a := range batch {
			if !made.has(a.call()) {
				rest = append(rest, a)
			}
		}
		if !lost || len(rest) < len(batch) || time.Now().Add(wait).After(deadline) {
			return rest, nil
		}
		if err := httpapi.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}
