package permitload

import (
	"encoding/json"
	"fmt"
	"strings"

	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// report is what a load says at its end.
type report struct {
	Project     string
	Environment string
	Extra       int // users in Permit that the input lacks
	Assigned    int // assignments made
	Removed     int // assignments taken away
	Deleted     int // users
	PutBack     int // assignments that a PUT had cleared, and that are there again
	tallies     map[string]*tally
	DryRun      bool
	Removing    bool // users are deleted, and not loaded
	closed      bool
}

// MarshalJSON names each type's tally. Of a load that wrote nothing, what is not
// known to be as it should be is not loaded.
func (r *report) MarshalJSON() ([]byte, error) {
	if !r.closed {
		for _, t := range r.tallies {
			t.NotLoaded = t.In - t.Loaded - t.Unchanged - t.Repeated
		}
	}
	return json.Marshal(map[string]any{
		"project": r.Project, "environment": r.Environment, "extra_users": r.Extra, "assignments_made": r.Assigned, "assignments_put_back": r.PutBack, "assignments_removed": r.Removed, "dry_run": r.DryRun, "users_deleted": r.Deleted,
		"users": r.tallies[record.TypeUser], "roles": r.tallies[record.TypeRole], "tenants": r.tallies[record.TypeTenant],
	})
}

func (r *report) String() string {
	if !r.closed {
		return ""
	}
	done := "loaded"
	if r.Removing {
		done = "deleted"
	}
	var parts []string
	for _, kind := range []string{record.TypeRole, record.TypeTenant, record.TypeUser} {
		t := r.tallies[kind]
		if t.In == 0 {
			continue
		}
		part := fmt.Sprintf("%ss: %s in = %s %s + %s unchanged", kind, tool.Thousands(t.In), tool.Thousands(t.Loaded), done, tool.Thousands(t.Unchanged))
		if t.Repeated > 0 {
			part += " + " + tool.Thousands(t.Repeated) + " repeated"
		}
		parts = append(parts, part+" + "+tool.Thousands(t.NotLoaded)+" not loaded")
	}
	if r.Assigned > 0 || !r.Removing && r.Removed == 0 {
		parts = append(parts, tool.Count(r.Assigned, "role assignment")+" made")
	}
	if r.PutBack > 0 {
		parts = append(parts, tool.Count(r.PutBack, "role assignment")+" put back")
	}
	if r.Removed > 0 {
		parts = append(parts, tool.Count(r.Removed, "role assignment")+" taken away")
	}
	return strings.Join(parts, "; ")
}

func (r *report) notLoaded() int {
	n := 0
	for _, t := range r.tallies {
		n += t.NotLoaded
	}
	return n
}

// check holds each type to in = loaded + unchanged + repeated + not loaded. A
// sum that is off is a bug of ours, and a reason not to trust the run.
func (r *report) check() error {
	for kind, t := range r.tallies {
		if sum := t.Loaded + t.Unchanged + t.Repeated + t.NotLoaded; sum != t.In {
			return fmt.Errorf("the count of %s lines is off: %d in, %d accounted for (please report this)", kind, t.In, sum)
		}
	}
	return nil
}
