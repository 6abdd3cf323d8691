package apply

import (
	"slices"
	"sync/atomic"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// item is an operation on its way to Permit.
type item struct {
	reconcile.Operation
	user permit.User // as it is written; only the key for other operations of a user
	// cleared names the fields that the user loses.
	cleared record.Fields
}

// call returns a role assignment in the form that Permit takes.
func (i item) call() permit.Assignment {
	a := i.Assignment
	return permit.Assignment{User: i.user.Key, Role: a.Role, Tenant: a.Tenant, ResourceInstance: a.ResourceInstance}
}

func calls(items []item) []permit.Assignment {
	all := make([]permit.Assignment, len(items))
	for i, it := range items {
		all[i] = it.call()
	}
	return all
}

// catalogueItems returns items for operations on resources, roles or tenants.
func catalogueItems(ops []reconcile.Operation) []item {
	items := make([]item, len(ops))
	for i, op := range ops {
		items[i].Operation = op
	}
	return items
}

// split returns the items for which is returns true, and the others. With nil, all are
// others.
func split(items []item, is func(item) bool) (some, others []item) {
	for _, it := range items {
		if is != nil && is(it) {
			some = append(some, it)
		} else {
			others = append(others, it)
		}
	}
	return some, others
}

// userKeys returns the keys of the users of items, each once, in order.
func userKeys(items []item) []string {
	keys := make([]string, len(items))
	for i, it := range items {
		keys[i] = it.user.Key
	}
	return slices.Compact(keys)
}

// catalogueOf returns the ids of the role and the tenant of an assignment.
func catalogueOf(a record.RoleAssignment) [2]reconcile.RecordID {
	return [2]reconcile.RecordID{{Type: record.TypeRole, Key: a.Role}, {Type: record.TypeTenant, Key: a.Tenant}}
}

// sample returns at most n items of a list, evenly spread and including the last.
func sample[T any](list []T, n int) []T {
	some := make([]T, min(n, len(list)))
	for i := range some {
		some[i] = list[(i+1)*len(list)/len(some)-1]
	}
	return some
}

// queue holds what waits for its turn, and what the run has learnt.
type queue struct {
	users    []item // to write; less than a batch
	gathered []item // assignments of these users
	waiting  []item // assignments of users who were just written
	ready    []item // assignments of users who should be visible by now
	carried  []item // assignments that went along with users who were just written
	sharing  bool   // the users share an email with others: see reconcile.Plan.SharesEmail

	// page is where findAtTheEnd goes on in Permit's list of role assignments, 0 if the
	// list is of no use. listed holds those of carried that it has seen.
	page   int
	listed map[permit.Assignment]bool

	emailFaults []emailFault // of the first users who share an email

	refused  map[int]bool                        // users that Permit has refused
	lacks    map[reconcile.RecordID]record.Fault // roles and tenants that Permit lacks
	restored map[permit.Assignment]bool          // put back by this run, so older than Permit says
	late     atomic.Bool                         // users have become visible late in this run

	others          map[string]bool // roles that somebody else may have created during this run
	grantSize       int             // how many permissions one call may give
	waitedForSchema bool            // a new action was waited for once
}
