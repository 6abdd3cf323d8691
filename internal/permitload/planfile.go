package permitload

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"a0permit/internal/jsonl"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// planned is a line of --plan: one operation.
type planned struct {
	Op     string `json:"op"`
	Type   string `json:"type"`
	Key    string `json:"key"`
	Before fields `json:"before,omitempty"`
	After  fields `json:"after,omitempty"`
}

var opNames = map[reconcile.Op]string{
	reconcile.Create: "create", reconcile.Update: "update", reconcile.Rename: "rename",
	reconcile.Assign: "assign", reconcile.Unassign: "unassign", reconcile.Delete: "delete",
	reconcile.Extend: "update", reconcile.Grant: "grant", reconcile.Revoke: "revoke",
}

// writePlan writes the plan to the file of --plan, one operation a line. It skips
// operations for which leavesOut, which may be nil, returns true.
func (s *session) writePlan(
	ctx context.Context, plan *reconcile.Plan, snap *snapshot.Snapshot, leavesOut func(reconcile.Operation) bool,
) error {
	if s.settings.plan == "" {
		return nil
	}
	file, err := s.tool.Create(ctx, s.settings.plan)
	if err != nil {
		return fmt.Errorf("--plan: %w", err)
	}
	defer file.Abort()
	out, n := jsonl.NewWriter(file), 0
	for op := range plan.Operations() {
		if leavesOut != nil && leavesOut(op) || s.ledger.HasFailed(op) {
			continue
		}
		line, err := s.plannedOf(plan, snap, op)
		if err != nil {
			return err
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("--plan: %w", err)
		}
		n++
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("--plan: %w", err)
	}
	if err := file.Commit(); err != nil {
		return fmt.Errorf("--plan: %w", err)
	}
	s.tool.SayCounts(fmt.Sprintf("the plan is in %s: %s", s.settings.plan, tool.Count(n, "operation")),
		slog.Int("operations", n))
	return nil
}

func (s *session) plannedOf(
	plan *reconcile.Plan, snap *snapshot.Snapshot, op reconcile.Operation,
) (p planned, err error) {
	id := op.RecordID()
	p = planned{Op: opNames[op.Op], Type: id.Type, Key: id.Key}
	switch {
	case op.Op == reconcile.Rename:
		p.Before, p.After = fields{"name": plan.OldName(id.Key)}, fields{"name": op.Tenant.Name}
		return p, nil
	case op.Op == reconcile.Revoke:
		p.Before, err = fieldsOf(op.Role)
		return p, err
	case op.Role != nil:
		p.After, err = fieldsOf(op.Role)
		return p, err
	case op.Resource != nil:
		p.After, err = resourceFields(op)
		return p, err
	case op.Tenant != nil:
		p.After, err = fieldsOf(op.Tenant)
		return p, err
	}
	line, err := s.input.User(op.User)
	if err != nil {
		return p, err
	}
	p.Type, p.Key = record.TypeUser, line.Key
	switch op.Op {
	case reconcile.Create:
		write, _ := plan.UserToWrite(line, nil)
		p.After, err = fieldsOf(write)
	case reconcile.Update:
		p.Before, p.After, err = changeOf(plan, snap, op.User, line)
	case reconcile.Assign, reconcile.Unassign:
		p.Type = "role_assignment"
		var f fields
		if f, err = fieldsOf(op.Assignment); op.Op == reconcile.Assign {
			p.After = f
		} else {
			p.Before = f
		}
	case reconcile.Delete:
		have, beforeErr := snap.Before(op.User)
		if beforeErr != nil {
			return p, beforeErr
		}
		p.Before, err = fieldsOf(have)
	case reconcile.Rename:
	}
	return p, err
}

// resourceFields returns the fields of a resource to create, or the actions to add to
// one.
func resourceFields(op reconcile.Operation) (fields, error) {
	f, err := fieldsOf(op.Resource)
	if op.Op == reconcile.Extend {
		f = fields{"actions": f["actions"]}
	}
	return f, err
}

// leavesOut returns a function that reports whether flags leave an operation out: with
// --create-missing no, whatever needs a missing record; with --grant no, permissions for
// existing roles.
func (l *loader) leavesOut(plan *reconcile.Plan) func(reconcile.Operation) bool {
	missing, actions := map[reconcile.RecordID]bool{}, map[string]bool{}
	if l.createMissing == "no" {
		for _, list := range [][]reconcile.Operation{plan.Resources, plan.Extensions, plan.Roles, plan.Tenants} {
			for _, op := range list {
				missing[op.RecordID()] = true
				if op.Resource != nil {
					for action := range op.Resource.Actions {
						actions[op.Resource.Key+":"+action] = true
					}
				}
			}
		}
	}
	return func(op reconcile.Operation) bool {
		switch op.Op {
		case reconcile.Assign:
			return missing[reconcile.RecordID{Type: record.TypeRole, Key: op.Assignment.Role}] ||
				missing[reconcile.RecordID{Type: record.TypeTenant, Key: op.Assignment.Tenant}]
		case reconcile.Grant:
			return l.grant == "no" || slices.ContainsFunc(op.Role.Permissions, func(p string) bool { return actions[p] })
		case reconcile.Create, reconcile.Extend:
			return missing[op.RecordID()]
		default:
			return false
		}
	}
}
