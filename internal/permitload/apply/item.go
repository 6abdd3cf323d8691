package apply

import (
	"slices"
	"sync/atomic"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// item is an operation that is on its way.
type item struct {
	reconcile.Operation
	user permit.User // as it is written; of the other operations of a user, its key alone
	// cleared are the fields that the user has in Permit and is written without.
	cleared record.Fields
}

// call returns a role assignment as Permit takes it.
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

// catalogueItems returns operations on resources, roles or tenants as items.
func catalogueItems(ops []reconcile.Operation) []item {
	items := make([]item, len(ops))
	for i, op := range ops {
		items[i].Operation = op
	}
	return items
}

// split returns the items for which is holds, and the others. nil holds for none.
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

// userKeys returns the users of items, each once, in order.
func userKeys(items []item) []string {
	keys := make([]string, len(items))
	for i, it := range items {
		keys[i] = it.user.Key
	}
	return slices.Compact(keys)
}

// catalogueOf returns the role and the tenant that an assignment names.
func catalogueOf(a record.RoleAssignment) [2]reconcile.RecordID {
	return [2]reconcile.RecordID{{Type: record.TypeRole, Key: a.Role}, {Type: record.TypeTenant, Key: a.Tenant}}
}

// sample returns at most n of a list, evenly spread, the last among them.
func sample[T any](list []T, n int) []T {
	some := make([]T, min(n, len(list)))
	for i := range some {
		some[i] = list[(i+1)*len(list)/len(some)-1]
	}
	return some
}

// queue is what waits for its turn, and what is known of this run.
type queue struct {
	users    []item // to be written, less than a batch
	gathered []item // assignments of these users
	waiting  []item // assignments of users who were just written
	ready    []item // assignments of users who should be visible by now
	carried  []item // assignments that users who were just written have carried
	sharing  bool   // the users share their email with others: see reconcile.Plan.SharesEmail

	// Where Permit's list of role assignments goes on that findAtTheEnd has read, 0 where
	// it is of no use, and which of carried that has shown.
	page   int
	listed map[permit.Assignment]bool

	emailFaults []emailFault // of the users who were written first of those who share an email

	refused  map[int]bool                        // users whom Permit has refused
	lacks    map[reconcile.RecordID]record.Fault // roles and tenants that Permit does not have
	restored map[permit.Assignment]bool          // made again by this run, and so older than they say
	late     atomic.Bool                         // users became visible late in this run

	others          map[string]bool // roles that somebody else may have created meanwhile
	grantSize       int             // how many permissions a call may give
	waitedForSchema bool            // what a role was to permit was looked for twice
}
