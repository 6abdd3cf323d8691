package a0export

import (
	"fmt"

	"a0permit/internal/tool"
)

// report is the summary of a run.
type report struct {
	Command       string `json:"command"`
	Users         int    `json:"users"`
	Roles         int    `json:"roles"`
	RoleHolders   int    `json:"role_holders"`
	Groups        int    `json:"groups,omitempty"`      // groups that hold roles
	Permissions   int    `json:"permissions,omitempty"` // permissions of the roles
	APIs          int    `json:"apis,omitempty"`
	Organizations int    `json:"organizations"`
	Members       int    `json:"members"`
	Rows          int    `json:"rows,omitempty"`
	Job           string `json:"job,omitempty"`
	Complete      bool   `json:"complete"`

	withRoles bool
	checked   string // the commands that work, as a0export check found
}

func (r *report) String() string {
	switch {
	case !r.Complete:
		return ""
	case r.Command == "check":
		return "check passed for " + r.checked
	case r.Command == "apis":
		return tool.Count(r.Rows, "API")
	case r.Command != "users" && r.Command != "all":
		return tool.Count(r.Rows, r.Command[:len(r.Command)-1])
	}
	line := tool.Count(r.Users, "user")
	if r.withRoles {
		line += fmt.Sprintf(", %s of them with roles, %s",
			tool.Thousands(r.RoleHolders), tool.Count(r.Roles, "role"))
	}
	if r.Permissions > 0 {
		line += " with " + tool.Count(r.Permissions, "permission")
	}
	if r.Groups > 0 {
		line += ", " + tool.Count(r.Groups, "group") + " with roles"
	}
	if r.Organizations > 0 {
		line += fmt.Sprintf("; %s in %s", tool.Thousands(r.Members), tool.Count(r.Organizations, "organization"))
	}
	return line
}
