package permitload

import (
	"encoding/json"
	"fmt"
	"strings"

	"a0permit/internal/permitload/apply"
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// report is what a run says at its end.
type report struct {
	place   place
	extra   int // users in Permit that the input lacks
	dryRun  bool
	deletes bool // users are deleted, and not loaded
	ledger  *ledger.Ledger
	found   apply.Findings
}

// MarshalJSON implements json.Marshaler.
func (r *report) MarshalJSON() ([]byte, error) {
	tallies, sums := r.ledger.Tallies(), r.ledger.Sums
	return json.Marshal(map[string]any{
		"found_out": r.found,
		"project":   r.place.project, "environment": r.place.environment,
		"project_name": r.place.projectName, "environment_name": r.place.environmentName,
		"dry_run": r.dryRun, "extra_users": r.extra,
		"assignments_made": sums.Assigned, "assignments_put_back": sums.Restored,
		"assignments_removed": sums.Unassigned, "users_deleted": sums.Deleted,
		"users": tallies[record.TypeUser], "roles": tallies[record.TypeRole], "tenants": tallies[record.TypeTenant],
	})
}

// String returns the closing line for people, "" for a run that wrote nothing.
func (r *report) String() string {
	if !r.ledger.Closed {
		return ""
	}
	done := "loaded"
	if r.deletes {
		done = "deleted"
	}
	var parts []string
	tallies, sums := r.ledger.Tallies(), r.ledger.Sums
	for _, kind := range []string{record.TypeRole, record.TypeTenant, record.TypeUser} {
		t := tallies[kind]
		if t.In == 0 {
			continue
		}
		part := fmt.Sprintf("%ss: %s in = %s %s + %s unchanged",
			kind, tool.Thousands(t.In), tool.Thousands(t.Loaded), done, tool.Thousands(t.Unchanged))
		if t.Repeated > 0 {
			part += " + " + tool.Thousands(t.Repeated) + " repeated"
		}
		parts = append(parts, part+" + "+tool.Thousands(t.NotLoaded)+" not loaded")
	}
	if sums.Assigned > 0 || !r.deletes && sums.Unassigned == 0 {
		parts = append(parts, tool.Count(sums.Assigned, "role assignment")+" made")
	}
	if sums.Restored > 0 {
		parts = append(parts, tool.Count(sums.Restored, "role assignment")+" put back")
	}
	if sums.NoEmail > 0 {
		parts = append(parts, tool.Count(sums.NoEmail, "user")+" loaded without email: another user has it")
	}
	if sums.Unassigned > 0 {
		parts = append(parts, tool.Count(sums.Unassigned, "role assignment")+" taken away")
	}
	return strings.Join(parts, "; ")
}
