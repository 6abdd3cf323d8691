package a0export

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"golang.org/x/sync/errgroup"

	"a0permit/internal/auth0"
	"a0permit/internal/tool"
)

// unread is why the roles that are held through groups are not all known. The zero
// value says that they are.
type unread struct {
	what   string // what cannot be read, with the number of groups where that is known
	scopes []string
}

// groupHolders reads who holds roles through groups: they are in no list of a role's
// users, and their roles come with each login.
//
// One call finds out whether there are groups. Only where there are, one more for
// each role asks which hold it, since no list of groups says so, and a group that
// holds some is read once, however many those are.
type groupHolders struct {
	*exporter

	roles []auth0.Role
	held  *holders

	mu      sync.Mutex
	numbers map[string][]uint32 // of the roles that a group holds, by its id
	groups  []string            // their ids, in the order in which they came
	others  map[string]bool     // members that are no users
}

func (g *groupHolders) read(ctx context.Context) error {
	first, err := g.auth0.FirstGroup(ctx)
	switch {
	case isAbsent(err):
		return nil
	case err != nil:
		return g.leaveOut(err, "whether groups hold roles")
	case first.ID == "":
		return nil
	}
	g.numbers, g.others = map[string][]uint32{}, map[string]bool{}
	if err := inTurn(ctx, g.roles, g.readRole); err != nil {
		return g.leaveOut(err, "which roles the tenant's groups hold")
	}
	if err := inTurn(ctx, g.groups, g.readMembers); err != nil {
		return g.leaveOut(err, "the members of "+tool.Count(len(g.groups), "group")+" with roles")
	}
	g.report.Groups = len(g.groups)
	if n := len(g.others); n > 0 {
		g.tool.Warn("%s inside groups with roles left out: Auth0 does not say whether its members hold those roles",
			tool.Count(n, "group"))
	}
	return nil
}

// isAbsent reports whether a tenant or its plan does not have groups at all.
func isAbsent(err error) bool {
	noScope := len(auth0.MissingScopes(err)) == 0
	return refusal(err, http.StatusNotFound) != nil || refusal(err, http.StatusForbidden) != nil && noScope
}

// leaveOut keeps what cannot be read for want of a scope, which is no reason to stop.
func (g *groupHolders) leaveOut(err error, what string) error {
	scopes := auth0.MissingScopes(err)
	if refusal(err, http.StatusForbidden) == nil || len(scopes) == 0 {
		return err
	}
	g.unread = unread{what, scopes}
	return nil
}

// inTurn reads the first of a list alone, and then the others at once: what is
// refused is asked for once.
func inTurn[T any](ctx context.Context, list []T, read func(context.Context, T) error) error {
	if len(list) == 0 {
		return nil
	}
	if err := read(ctx, list[0]); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxCalls)
	for _, item := range list[1:] {
		group.Go(func() error { return read(ctx, item) })
	}
	return group.Wait()
}

func (g *groupHolders) readRole(ctx context.Context, role auth0.Role) error {
	number := g.held.role(role.Name)
	for group, err := range g.auth0.RoleGroups(ctx, role.ID) {
		if err != nil {
			return err
		}
		g.mu.Lock()
		if g.numbers[group.ID] == nil {
			g.groups = append(g.groups, group.ID)
		}
		g.numbers[group.ID] = append(g.numbers[group.ID], number)
		g.mu.Unlock()
	}
	return nil
}

func (g *groupHolders) readMembers(ctx context.Context, groupID string) error {
	for member, err := range g.auth0.GroupMembers(ctx, groupID) {
		switch {
		case err != nil:
			return err
		case member.Type != "user":
			g.mu.Lock()
			g.others[member.ID] = true
			g.mu.Unlock()
			continue
		}
		for _, number := range g.numbers[groupID] {
			g.held.add(member.ID, number)
		}
		g.exporter.read.Add(1)
	}
	return nil
}

// warnOfUnread warns of roles that are held through groups and could not be read.
// Most groups are of enterprise connections.
func (e *exporter) warnOfUnread(enterprise int) {
	if e.unread.what == "" {
		return
	}
	who := "roles held through groups may be missing"
	if enterprise > 0 {
		who += fmt.Sprintf(" (%s of enterprise connections)", tool.Count(enterprise, "user"))
	}
	e.tool.Warn("cannot read %s: %s", e.unread.what, who)
	e.tool.Hint(grantScopes+"; or leave groups out with --no-groups", oneOf(e.unread.scopes))
}
