package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// createResources creates the missing resources and actions, or refuses them if nothing
// may be created.
func (a *Applier) createResources(ctx context.Context) error {
	if !a.CreateMissing {
		return errors.Join(a.refuseMissing(a.plan.Resources), a.refuseMissing(a.plan.Extensions))
	}
	b := batch{
		one: func(ctx context.Context, it item) error {
			err := a.sender.writes.CreateResource(ctx, resourceOf(it.Resource))
			if !permit.IsConflict(err) {
				return err
			}
			have, isThere, lost := a.Client.Resource(ctx, it.Resource.Key) // somebody else has created it first
			if lost != nil || !isThere {
				return errors.Join(err, lost)
			}
			return a.addActions(ctx, it.Resource, have.Actions)
		},
		refuse: a.refuseCreation,
	}
	if err := a.sender.deliverSingly(ctx, catalogueItems(a.plan.Resources), b); err != nil {
		return err
	}
	b.one = func(ctx context.Context, it item) error { return a.addActions(ctx, it.Resource, nil) }
	return a.sender.deliverSingly(ctx, catalogueItems(a.plan.Extensions), b)
}

// addActions adds the actions that a resource lacks. It goes on after a refusal, and
// returns the last one.
func (a *Applier) addActions(ctx context.Context, r *record.Resource, has map[string]permit.Action) (refusal error) {
	for _, key := range slices.Sorted(maps.Keys(r.Actions)) {
		if _, ok := has[key]; ok {
			continue
		}
		err := a.sender.writes.CreateAction(ctx, r.Key, key, actionOf(r.Actions[key]))
		switch {
		case err == nil || permit.IsConflict(err): // only the key can be the reason for a conflict
		case !a.sender.isRefusal(ctx, err, 1):
			return err
		default:
			refusal = fmt.Errorf("action %s: %w", key, err)
		}
	}
	return refusal
}

// tellUnasked reports permissions that roles got without being asked for. An environment
// may have default roles, to which Permit gives permissions on each new resource (docs,
// creating environments).
func (a *Applier) tellUnasked(roles []permit.Role) {
	for role := range a.plan.Unasked(snapshot.RoleRecords(roles), a.Grant) {
		a.Unasked++
		a.Progress.WarnOfUnasked(role.Key, role.Permissions)
	}
}

// grantToCreated gives new roles those permissions that Permit did not accept with them,
// and notes what became of each role. It reads the list of roles, since a bulk call says
// nothing about single roles.
func (a *Applier) grantToCreated(ctx context.Context, created []item) error {
	if len(created) == 0 {
		return nil
	}
	roles, err := snapshot.Roles(ctx, a.Client)
	if err != nil && !permit.IsUnproved(err) {
		return err
	}
	has := map[string][]string{}
	for i := range roles {
		has[roles[i].Key] = roles[i].Permissions
	}
	for _, it := range created {
		if has := has[it.Role.Key]; a.queue.others[it.Role.Key] {
			err = a.settleOthers(it, has)
		} else {
			err = a.changePermissions(ctx, it, without(it.Role.Permissions, has))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settleOthers notes what became of a role that somebody else has created during this
// run. It may have holders, so it gets no permissions without a question, which the next
// run asks.
func (a *Applier) settleOthers(it item, has []string) error {
	if missing := without(it.Role.Permissions, has); len(missing) > 0 {
		return a.Ledger.Refuse(it.Operation, notGranted(missing))
	}
	a.Ledger.Skip(it.Operation)
	return nil
}

// notGranted returns the fault of a role that is not given the permissions of its line.
func notGranted(permissions []string) record.Fault {
	return record.Fault{
		Code: "not_granted", Retryable: true,
		Message: "the role exists, and is not given more permissions: " + strings.Join(permissions, ", "),
	}
}

// grantToExisting gives existing roles the permissions that they lack.
func (a *Applier) grantToExisting(ctx context.Context) error {
	if err := a.keepGrants(); err != nil {
		return err
	}
	for _, it := range catalogueItems(a.plan.Grants) {
		if !a.Grant {
			if err := a.Ledger.Refuse(it.Operation, notGranted(it.Role.Permissions)); err != nil {
				return err
			}
			continue
		}
		if err := a.changePermissions(ctx, it, it.Role.Permissions); err != nil {
			return err
		}
		a.Progress.Add(1)
	}
	return nil
}

// revoke takes permissions from roles.
func (a *Applier) revoke(ctx context.Context) error {
	for _, it := range catalogueItems(a.plan.Revocations) {
		if err := a.changePermissions(ctx, it, it.Role.Permissions); err != nil {
			return err
		}
		a.Progress.Add(1)
	}
	return nil
}

// changePermissions gives permissions to a role or takes them, and notes what became of
// them.
func (a *Applier) changePermissions(ctx context.Context, it item, permissions []string) error {
	c := policyChange{a: a, role: it.Role.Key, revokes: it.Op == reconcile.Revoke}
	err := c.change(ctx, permissions)
	a.Ledger.CountPermissions(it.Operation, c.done)
	if err != nil {
		return a.sender.flushIfUnsure(err, err)
	}
	if len(c.refused) == 0 {
		return a.Ledger.Complete(it.Operation)
	}
	outcome := "does not get"
	if c.revokes {
		outcome = "keeps"
	}
	f := faultOf(c.refusal)
	f.Message = fmt.Sprintf("role %s %s %s: %s", it.Role.Key, outcome, strings.Join(c.refused, ", "), f.Message)
	return a.Ledger.Refuse(it.Operation, f)
}

// policyChange gives permissions to one role, or takes them.
type policyChange struct {
	a       *Applier
	role    string
	revokes bool
	done    int // permissions
	refused []string
	refusal error // the last one
}

// errNotChanged is the fault of a permission that Permit's answer shows unchanged.
var errNotChanged = errors.New("Permit's answer shows no change") //nolint:staticcheck // a name

// change changes permissions in as few calls as possible. It halves a refused call until
// a single permission is left.
func (c *policyChange) change(ctx context.Context, permissions []string) error {
	for len(permissions) > 0 {
		some := permissions[:min(len(permissions), c.a.queue.grantSize)]
		refusal, err := c.call(ctx, some)
		switch {
		case err != nil:
			return err
		case refusal != nil && len(some) == 1:
			c.refused, c.refusal = append(c.refused, some...), refusal
			c.a.queue.grantSize = max(c.a.queue.grantSize, smallGrant) // it was not about the size
		case refusal != nil && isAboutSize(refusal): // the smaller size holds for the rest of the run
			c.a.queue.grantSize = len(some) / 2
			continue
		case refusal != nil:
			half := len(some) / 2
			if err := errors.Join(c.change(ctx, some[:half]), c.change(ctx, some[half:])); err != nil {
				return err
			}
		}
		permissions = permissions[len(some):]
	}
	return nil
}

// smallGrant is a number of permissions that is never too large for a call. Permit's
// Terraform provider got a 500 above 40.
const smallGrant = 25

// isAboutSize reports whether a call may have been refused for its size. Permit's
// Terraform provider got a 500 for that.
func isAboutSize(refusal error) bool {
	status := permit.Status(refusal)
	return status >= http.StatusInternalServerError || status == http.StatusRequestEntityTooLarge
}

// call makes one call and returns its refusal. It asks again, one by one, for permissions
// that the answer shows unchanged.
func (c *policyChange) call(ctx context.Context, permissions []string) (refusal, err error) {
	has, refusal := c.write(ctx, permissions)
	// A resource that was just created may become visible late.
	if permit.IsNotFound(refusal) && !c.revokes && c.a.CreateMissing && !c.a.queue.waitedForSchema {
		c.a.queue.waitedForSchema = true
		if err := httpapi.Sleep(ctx, lastPause); err != nil {
			return nil, err
		}
		has, refusal = c.write(ctx, permissions)
	}
	switch {
	case permit.IsNotFound(refusal) && c.revokes && len(permissions) == 1: // it is gone
		c.done++
		return nil, nil
	case refusal != nil && !c.a.sender.isRefusal(ctx, refusal, len(permissions)):
		return nil, refusal
	case refusal != nil:
		return refusal, nil
	}
	left := without(permissions, has)
	if c.revokes {
		left = without(permissions, without(permissions, has))
	}
	if len(permissions) == 1 && len(left) == 1 {
		return errNotChanged, nil
	}
	c.done += len(permissions) - len(left)
	for _, one := range left {
		if err := c.change(ctx, []string{one}); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// write makes the call, and returns the permissions that the role has then.
func (c *policyChange) write(ctx context.Context, permissions []string) ([]string, error) {
	writes := c.a.sender.writes
	if c.a.queue.grantSize < permit.MaxPermissions { // larger calls have failed before
		writes = writes.WithAttempts(fewAttempts)
	}
	if c.revokes {
		return writes.Revoke(ctx, c.role, permissions)
	}
	return writes.Grant(ctx, c.role, permissions)
}

// without returns the items of list that are not in others.
func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(others, s) })
}

func resourceOf(r *record.Resource) permit.Resource {
	all := map[string]permit.Action{}
	for key, action := range r.Actions {
		all[key] = actionOf(action)
	}
	return permit.Resource{
		Key: r.Key, Name: r.Name, Description: r.Description, Actions: all, Attributes: r.Attributes,
	}
}

func actionOf(a record.Action) permit.Action {
	return permit.Action{Name: a.Name, Description: a.Description, Attributes: a.Attributes}
}
