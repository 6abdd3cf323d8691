package a0tojsonl

import (
	"fmt"

	"a0permit/internal/tool"
)

// report is the summary of a run. Users, Roles, Tenants and Resources count the lines
// written, so that a reader can check that it got all of them.
type report struct {
	Users     int  `json:"users"`
	Roles     int  `json:"roles"`
	Tenants   int  `json:"tenants"`
	Resources int  `json:"resources"`
	Rejected  int  `json:"rejected"`
	Complete  bool `json:"complete"`
}

func (r *report) String() string {
	line := fmt.Sprintf("%s, %s, %s, ", tool.Count(r.Users, "user"), tool.Count(r.Roles, "role"),
		tool.Count(r.Tenants, "tenant"))
	if r.Resources > 0 {
		line += tool.Count(r.Resources, "resource") + ", "
	}
	line += tool.Thousands(r.Rejected) + " rejected"
	if !r.Complete {
		line += " (incomplete)"
	}
	return line
}
