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

// unreadGroups is why some roles held through groups are unknown. It is zero if all are
// known.
type unreadGroups struct {
	what   string   // what cannot be read, with the number of groups if known
	scopes []string // those that the token lacks
}

// groupHolders reads the users who hold roles through groups. The list of a role's users
// does not have them.
//
// One call shows whether there are groups. If so, one call per role lists its groups,
// since the list of groups does not name their roles. Each group with roles is then
// read once.
type groupHolders struct {
	*exporter

	roles []auth0.Role
	held  *holders

	mu      sync.Mutex
	numbers map[string][]uint32 // numbers of the roles that a group holds, by group id
	groups  []string            // ids of the groups that hold roles, in the order of reading
	others  map[string]bool     // members that are not users
}

func (g *groupHolders) read(ctx context.Context) error {
	first, err := g.auth0.FirstGroup(ctx)
	switch {
	case isAbsent(err):
		return nil
	case err != nil:
		return g.setUnread(err, "whether groups hold roles")
	case first.ID == "":
		return nil
	}
	g.numbers, g.others = map[string][]uint32{}, map[string]bool{}
	if err := readFirstAlone(ctx, g.roles, g.readRole); err != nil {
		return g.setUnread(err, "which roles the tenant's groups hold")
	}
	if err := readFirstAlone(ctx, g.groups, g.readMembers); err != nil {
		return g.setUnread(err, "the members of "+tool.Count(len(g.groups), "group")+" with roles")
	}
	g.report.Groups = len(g.groups)
	if n := len(g.others); n > 0 {
		g.tool.Warn("%s inside groups with roles left out: Auth0 does not say whether its members hold those roles",
			tool.Count(n, "group"))
	}
	return nil
}

// isAbsent reports whether err shows that the tenant or its plan has no groups at all.
func isAbsent(err error) bool {
	noScope := len(auth0.MissingScopes(err)) == 0
	return refusal(err, http.StatusNotFound) != nil || refusal(err, http.StatusForbidden) != nil && noScope
}

// setUnread records what cannot be read if err is a missing scope: the export goes on
// without it. It returns any other error.
func (g *groupHolders) setUnread(err error, what string) error {
	scopes := auth0.MissingScopes(err)
	if refusal(err, http.StatusForbidden) == nil || len(scopes) == 0 {
		return err
	}
	g.unreadGroups = unreadGroups{what, scopes}
	return nil
}

// readFirstAlone reads the first item of a list alone and then the others concurrently,
// so that a missing scope costs only one call.
func readFirstAlone[T any](ctx context.Context, list []T, read func(context.Context, T) error) error {
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

// warnOfUnreadGroups warns if some roles held through groups could not be read. It names
// the number of users from enterprise connections, where most groups come from.
func (e *exporter) warnOfUnreadGroups(enterprise int) {
	if e.unreadGroups.what == "" {
		return
	}
	who := "roles held through groups may be missing"
	if enterprise > 0 {
		who += fmt.Sprintf(" (%s of enterprise connections)", tool.Count(enterprise, "user"))
	}
	e.tool.Warn("cannot read %s: %s", e.unreadGroups.what, who)
	e.tool.Hint(grantScopes+"; or leave groups out with --no-groups", oneOf(e.unreadGroups.scopes))
}
