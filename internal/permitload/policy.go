package permitload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"a0permit/internal/permit"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// Permissions decide what people may do, so the questions about them give numbers.

// printPolicy prints which resources, actions and permissions the load adds.
func (l *loader) printPolicy(plan *reconcile.Plan) {
	say := l.tool.SayCounts
	if n := len(plan.Resources); n > 0 {
		say(l.missingText("resources", n, names(plan.Resources, withActions)), slog.Int("resources_to_create", n))
	}
	if n := countActions(plan.Extensions); n > 0 {
		say(l.missingText("actions", n, names(plan.Extensions, withActions)), slog.Int("actions_to_create", n))
	}
	if n := plan.Counts.Grant; n > 0 {
		say(fmt.Sprintf("permissions: %s to give to %s (%s)", tool.Thousands(n),
			tool.Count(len(plan.Grants), "existing role"), names(plan.Grants, withPermissions)),
			slog.Int("permissions_to_grant", n))
	}
	extra := 0
	for role := range l.desired.ExtraPermissions(snapshot.RoleRecords(l.roles)) {
		extra += len(role.Permissions)
	}
	if extra > 0 {
		say(tool.Count(extra, "permission")+" of roles in Permit but not in the input: left as is",
			slog.Int("permissions_not_in_the_input", extra))
	}
}

// checkMixups refuses input whose permissions Permit, or another line, has for others of
// Auth0: a role that is given one would permit both.
func (l *loader) checkMixups(plan *reconcile.Plan) error {
	mixups := plan.Mixups()
	if len(mixups) == 0 {
		return nil
	}
	m := mixups[0]
	err := fmt.Errorf("%s stands for %s of %s, and also for %s of %s",
		m.Permission, m.Have.Permission, m.Have.API, m.Want.Permission, m.Want.API)
	if more := len(mixups) - 1; more > 0 {
		err = fmt.Errorf("%w; %s more like it", err, tool.Thousands(more))
	}
	const hint = "a0tojsonl --permission-map FILE keeps them apart, with the line %s,%s,RESOURCE,ACTION"
	return tool.Hint(err, fmt.Sprintf(hint, m.Want.API, m.Want.Permission))
}

// confirmTwins asks whether roles of Permit and of the input that are different roles of
// Auth0 are to be one: the holders of one then have what the other permits.
func (l *loader) confirmTwins(ctx context.Context, plan *reconcile.Plan) error {
	question := l.warnOfTwins(plan)
	if question == "" {
		return nil
	}
	listed := func() (string, error) { return "", nil } // by the warning
	return l.confirm(ctx, question, listed, apartHint)
}

const apartHint = "a0tojsonl --role-map FILE, with lines rol_...,KEY, keeps them apart"

// warnOfTwins warns of the twins of a plan, and returns what to ask about them.
func (l *loader) warnOfTwins(plan *reconcile.Plan) (question string) {
	twins := plan.Twins()
	if len(twins) == 0 {
		return ""
	}
	roles := tool.Count(len(twins), "role")
	l.tool.Warn("%s: another role of Auth0 has the same key in Permit: %s", roles,
		names(twins, func(t reconcile.Twin) string {
			return fmt.Sprintf("%s (%s in Permit, %s in the input)", t.Role, t.Have, t.Want)
		}))
	return "treat " + roles + " as the same"
}

func countActions(ops []reconcile.Operation) (n int) {
	for _, op := range ops {
		n += len(op.Resource.Actions)
	}
	return n
}

func withActions(op reconcile.Operation) string {
	return fmt.Sprintf("%s (%s)", op.Resource.Key, tool.Count(len(op.Resource.Actions), "action"))
}

func withPermissions(op reconcile.Operation) string {
	const most = 5
	list, more := op.Role.Permissions, ""
	if n := len(list) - most; n > 0 {
		list, more = list[:most], fmt.Sprintf(", and %s more", tool.Thousands(n))
	}
	return fmt.Sprintf("%s (%s%s)", op.Role.Key, strings.Join(list, ", "), more)
}

// askToGrant asks whether existing roles may be given more permissions, which allows
// their holders more. Without an answer nothing is written.
func (l *loader) askToGrant(ctx context.Context, plan *reconcile.Plan) (bool, error) {
	if len(plan.Grants) == 0 || l.grant != "ask" {
		return l.grant == "yes", nil
	}
	holders, err := l.holdersOf(ctx, plan.Grants)
	if err != nil {
		return false, err
	}
	const without = "--grant no loads the rest, and puts the lines of these roles on stdout"
	what := grantText(plan)
	yes, err := l.tool.Ask(ctx, fmt.Sprintf("%s in %s? %s", what, l.report.place.inProject(), holders))
	switch {
	case errors.Is(err, tool.ErrNoTerminal):
		return false, tool.Hint(
			refused(fmt.Errorf("to %s in %s needs a yes (%s), and %w", what, l.report.place, holders, err)),
			"--grant yes gives them", without)
	case err == nil && !yes:
		return false, tool.Cancelled(without)
	}
	return yes, err
}

// grantText returns the question of --grant without its details.
func grantText(plan *reconcile.Plan) string {
	return fmt.Sprintf("give %s to %s",
		tool.Count(plan.Counts.Grant, "permission"), tool.Count(len(plan.Grants), "existing role"))
}

// holdersOf returns the permissions of each operation, with the number of assignments of
// its role.
func (s *session) holdersOf(ctx context.Context, grants []reconcile.Operation) (string, error) {
	list := make([]string, len(grants))
	for i, op := range grants[:min(len(grants), shown)] {
		extending := extendersOf(s.roles, op.Role.Key)
		holders, isKnown := 0, true
		for _, role := range append([]string{op.Role.Key}, extending...) {
			n, known, err := s.client.CountAssignmentsOfRole(ctx, role)
			if err != nil && permit.Status(err) == 0 {
				return "", err
			}
			holders, isKnown = holders+n, isKnown && known && err == nil
		}
		held := "held by an unknown number"
		if isKnown {
			held = "held " + tool.Count(holders, "time")
		}
		if len(extending) > 0 {
			held += " with " + strings.Join(extending, ", ") + ", which extend it"
		}
		list[i] = withPermissions(op) + " " + held
	}
	return names(list, func(text string) string { return text }), nil
}

// extendersOf returns the roles that have the permissions of a role, since they extend it
// or one that does.
func extendersOf(roles []permit.Role, key string) (list []string) {
	has := map[string]bool{key: true}
	for grew := true; grew; {
		grew = false
		for i := range roles {
			isOne := slices.ContainsFunc(roles[i].Extends, func(extended string) bool { return has[extended] })
			if isOne && !has[roles[i].Key] {
				has[roles[i].Key], grew = true, true
				list = append(list, roles[i].Key)
			}
		}
	}
	return list
}
