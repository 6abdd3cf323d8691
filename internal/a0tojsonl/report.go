package a0tojsonl

import (
	"fmt"

	"a0permit/internal/tool"
)

// report is the result of a run. Users, Roles and Tenants count the lines written,
// so that a reader can tell whether it has them all.
type report struct {
	Users    int  `json:"users"`
	Roles    int  `json:"roles"`
	Tenants  int  `json:"tenants"`
	Rejected int  `json:"rejected"`
	Complete bool `json:"complete"`
}

func (r *report) String() string {
	line := fmt.Sprintf("%s, %s, %s, %s rejected", tool.Count(r.Users, "user"), tool.Count(r.Roles, "role"),
		tool.Count(r.Tenants, "tenant"), tool.Thousands(r.Rejected))
	if !r.Complete {
		line += " (incomplete)"
	}
	return line
}
