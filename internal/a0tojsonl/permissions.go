package a0tojsonl

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"a0permit/internal/convert"
	"a0permit/internal/tool"
)

// printPermissionWarnings prints warnings about permissions.
func (r *runner) printPermissionWarnings() {
	c := r.catalogue.Permissions()
	if len(c.RBACOff) > 0 {
		r.tool.Warn("RBAC is off for %s: Auth0 gives every user any permission there, and Permit will allow "+
			"only what roles permit", listNames(c.RBACOff))
	}
	if len(c.Undescribed) > 0 {
		apis := slices.SortedFunc(maps.Keys(c.Undescribed), func(a, b string) int {
			return cmp.Or(cmp.Compare(c.Undescribed[b], c.Undescribed[a]), cmp.Compare(a, b))
		})
		total := 0
		for i, api := range apis {
			total += c.Undescribed[api]
			apis[i] = fmt.Sprintf("%s (%d)", api, c.Undescribed[api])
		}
		r.tool.Warn("%s of roles left out, on APIs that are Auth0's own or not in the apis table: %s",
			tool.Count(total, "permission"), listNames(apis))
	}
	if c.NameOnly > 0 {
		r.tool.Warn("%s of roles without a description: the input has no apis table before the users",
			tool.Count(c.NameOnly, "permission"))
		r.tool.Hint("{ a0export roles --permissions; a0export apis; a0export users; }, or a0export all")
	}
	if c.Unlisted > 0 {
		r.tool.Warn("%s of roles not in the list of the API; kept, as the roles have them",
			tool.Count(c.Unlisted, "permission"))
	}
	if c.MappedOut > 0 {
		r.tool.Warn("%s left out by --permission-map", tool.Count(c.MappedOut, "permission"))
	}
	if c.VerbLast > c.VerbFirst && r.options.PermissionForm == convert.ActionResource && !r.formIsChosen {
		r.tool.Warn("%s of %s with the action last, as in invoices:read",
			tool.Thousands(c.VerbLast), tool.Count(c.VerbFirst+c.VerbLast, "permission"))
		r.tool.Hint("--permission-form resource:action takes the part before the last colon as the resource")
	}
	r.printRoleWarnings()
}

// printRoleWarnings prints warnings about roles whose permissions are unknown, and about
// unused lines of --permission-map.
func (r *runner) printRoleWarnings() {
	sharing, owned := r.catalogue.CountUngranted()
	if sharing > 0 {
		r.tool.Warn("%s without known permissions: by --role-map they get those of the role that has the same key",
			tool.Count(sharing, "role"))
	}
	if owned > 0 {
		r.tool.Warn("%s without known permissions: the input does not say what they permit",
			tool.Count(owned, "organization role"))
	}
	unused := r.catalogue.UnusedPermissionMappings()
	if r.report.Complete && len(unused) > 0 {
		slices.SortFunc(unused, func(a, b convert.Permission) int {
			return cmp.Or(cmp.Compare(a.API, b.API), cmp.Compare(a.Name, b.Name))
		})
		r.tool.Warn("--permission-map: %s for nothing in the input, the first for API %q, permission %q",
			tool.Count(len(unused), "line"), unused[0].API, unused[0].Name)
	}
}

// listNames returns the first five names on one line, and how many more there are.
func listNames(names []string) string {
	const most = 5
	list := strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		list += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return list
}
