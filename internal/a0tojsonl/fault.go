package a0tojsonl

import (
	"cmp"
	"fmt"
	"strings"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// faults counts conflicts between rows that are each valid alone. The run goes on, so
// that all of them are reported, and then fails.
type faults struct {
	unkeyed     int // roles without a usable key
	leftOut     int // users left out because of such roles
	permissions int // permissions without a resource and action of their own
	grants      int // roles that share a key but not their permissions
}

// faultError returns the error for all faults, or nil if there are none.
func (r *runner) faultError() error {
	f := &r.faults
	if n := f.permissions - maxShown; n > 0 {
		r.tool.Problem("%s are like these, and not shown", tool.Count(n, "permission"))
	}
	var parts []string
	if f.unkeyed > 0 {
		parts = append(parts, fmt.Sprintf("no usable key for %s; %s left out",
			tool.Count(f.unkeyed, "role"), tool.Count(f.leftOut, "user")))
	}
	if f.permissions > 0 {
		parts = append(parts, "no resource and action for "+tool.Count(f.permissions, "permission"))
	}
	if f.grants > 0 {
		parts = append(parts, "no key of its own for "+tool.Count(f.grants, "role"))
	}
	if len(parts) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(parts, "; "))
}

// reportUnkeyed reports a role without a usable key, with the line that --role-map needs.
func (r *runner) reportUnkeyed(at string, role convert.Unkeyed) {
	r.faults.unkeyed++
	kind, other := "role", "role"
	if role.IsOwned {
		kind = "organization role"
	}
	if role.OtherIsOwned {
		other = "organization role"
	}
	switch name := role.Name; {
	case role.Other == "":
		r.tool.Problem("%s: %s %q: its name has no character that Permit allows in a key", at, kind, name)
	case role.Mapped:
		const format = "%s: %s %q: --role-map gives it the key %q, which %s %q already has"
		r.tool.Problem(format, at, kind, name, role.Key, other, role.Other)
	default:
		const format = "%s: %s %q: its key would be %q, which %s %q already has"
		r.tool.Problem(format, at, kind, name, role.Key, other, role.Other)
	}
	r.tool.Hint("add this line to the file of --role-map: %s,KEY", mapCell(role.ToMap))
}

func mapCell(entry convert.MapEntry) string {
	if entry.Name == "" {
		return csvCell(entry.ID)
	}
	return record.RoleMapCell(entry.Name, entry.ID)
}

// flushCatalogue writes the roles and resources that had to wait for the apis table, and
// reports their faults.
func (r *runner) flushCatalogue() error {
	return r.catalogue.Flush(func(lines *convert.Lines) error {
		for i := range lines.PermissionFaults {
			r.reportPermission(&lines.PermissionFaults[i])
		}
		for i := range lines.GrantFaults {
			r.reportGrant(&lines.GrantFaults[i])
		}
		return r.writeLines(lines)
	})
}

// reportPermission reports a permission without a target of its own, with the line that
// --permission-map needs. It prints at most maxShown of them.
func (r *runner) reportPermission(f *convert.PermissionFault) {
	if r.faults.permissions++; r.faults.permissions > maxShown {
		return
	}
	if f.Other.Name != "" {
		const format = "%s: permission %q of API %q would be %s:%s, as permission %q of API %q is"
		r.tool.Problem(format, f.At, f.Name, f.API, f.Target.Resource, f.Target.Action, f.Other.Name, f.Other.API)
	} else {
		const format = "%s: permission %q of API %q: a part of its name has no character that Permit allows in a key"
		r.tool.Problem(format, f.At, f.Name, f.API)
	}
	r.tool.Hint("add this line to the file of --permission-map: %s,%s,%s,%s", csvCell(f.API), csvCell(f.Name),
		cmp.Or(f.Proposal.Resource, "RESOURCE"), cmp.Or(f.Proposal.Action, "ACTION"))
}

// reportGrant reports a role that shares its key with a role that has other permissions,
// with the line of --role-map that keeps them apart.
func (r *runner) reportGrant(f *convert.GrantFault) {
	r.faults.grants++
	if f.IsSame {
		r.tool.Problem("%s: role %q: an earlier row gives it other permissions", f.At, f.Name)
		r.tool.Hint("export the roles once, and feed that table alone: a0export roles --permissions")
		return
	}
	const format = "%s: role %q: it has the key %q of role %q, but other permissions"
	r.tool.Problem(format, f.At, f.Name, f.Key, f.Other)
	r.tool.Hint("put another key into the line of --role-map: %s,KEY", record.RoleMapCell(f.Name, f.ID))
}

// csvCell returns a cell as one types it: in quotes only if it needs them.
func csvCell(cell string) string {
	if strings.ContainsAny(cell, "\",\r\n") || strings.TrimSpace(cell) != cell || cell == "" {
		return string(csvrows.Quote(cell))
	}
	return cell
}
