package permitload

import (
	"context"
	"errors"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// keeping runs put, which writes the users of a batch, and makes again what
// that has cleared of the assignments they had. Whether a PUT of a user who
// exists clears them is not documented, and those made by hand are in no
// input: only Permit's list, before and after, can tell.
func (l *loader) keeping(ctx context.Context, batch []write, put func() error) error {
	var users []string
	numbers := map[string]int{}
	for _, w := range batch {
		if l.plan.State(w.number) == reconcile.Update {
			users = append(users, w.Key)
			numbers[w.Key] = w.number
		}
	}
	had, err := l.assignments(ctx, users)
	if err != nil {
		return err
	}
	err = put()
	if len(had) == 0 {
		return err
	}
	// An interrupt waits: nobody else would know what was there.
	ctx = context.WithoutCancel(ctx)
	have, looked := l.assignments(ctx, users)
	if looked != nil {
		return errors.Join(err, looked)
	}
	there := set(have)
	var gone []pending
	for _, a := range had {
		if !there[a] {
			gone = append(gone, pending{key: a.User, Assignment: reconcile.Assignment{
				User:           numbers[a.User],
				RoleAssignment: record.RoleAssignment{Role: a.Role, Tenant: a.Tenant, ResourceInstance: a.ResourceInstance},
			}})
		}
	}
	return errors.Join(err, l.deliverAssignments(ctx, gone, func(pending) { l.report.PutBack++ }))
}

// assignments is what Permit has of the users named.
func (l *loader) assignments(ctx context.Context, users []string) ([]permit.Assignment, error) {
	var list []permit.Assignment
	for a, err := range l.permit.AssignmentsOf(ctx, users) {
		if err != nil {
			return nil, err
		}
		list = append(list, a.Assignment)
	}
	return list, nil
}

func set(list []permit.Assignment) map[permit.Assignment]bool {
	m := make(map[permit.Assignment]bool, len(list))
	for _, a := range list {
		m[a] = true
	}
	return m
}
