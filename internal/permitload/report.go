package permitload

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"a0permit/internal/permitload/apply"
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// report is the summary of a run: the closing line, and the JSON of --summary.
type report struct {
	place    place
	extra    int // users in Permit that the input lacks
	dryRun   bool
	deletes  bool // the run deletes users
	terminal bool // stdout is a terminal
	stopped  bool // before its end
	ledger   *ledger.Ledger
	found    apply.Findings
	unasked  int // roles that got permissions without being asked for
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
		"permissions_granted": sums.Granted, "permissions_revoked": sums.Revoked,
		"roles_with_unasked_permissions": r.unasked, "resources": tallies[record.TypeResource],
		"created_unlisted": r.ledger.CreatedUnlisted(),
		"users":            tallies[record.TypeUser],
		"roles":            tallies[record.TypeRole], "tenants": tallies[record.TypeTenant],
	})
}

// reported lists the types of lines in the order of the closing line.
var reported = []string{record.TypeResource, record.TypeRole, record.TypeTenant, record.TypeUser}

// String returns the closing line without its time, or "" for a run that wrote nothing.
func (r *report) String() string {
	if !r.ledger.Closed {
		return ""
	}
	tallies := r.ledger.Tallies()
	var parts []string
	in, left := 0, 0
	for _, kind := range reported {
		if t := tallies[kind]; t.In > 0 {
			parts = append(parts, kind+"s: "+r.tallyText(kind, t))
			in, left = in+t.In, left+t.NotLoaded
		}
	}
	unlisted := r.ledger.CreatedUnlisted()
	for _, kind := range reported {
		if n := unlisted[kind]; n > 0 {
			parts = append(parts, tool.Count(n, kind)+" added without a line")
		}
	}
	parts = append(parts, sumTexts(r.ledger.Sums)...)
	if len(parts) == 0 {
		parts = append(parts, "the input asks for nothing")
	}
	if in > 0 {
		parts = append(parts, r.leftText(left))
	}
	return r.place.String() + ": " + strings.Join(parts, "; ")
}

// leftText returns what to do with the lines left over.
func (r *report) leftText(n int) string {
	what := "fix them, load them again"
	switch {
	case n == 0:
		return "nothing left over"
	case r.deletes:
		what = "permitload remove takes them again"
	case r.stopped:
		what = "load them again"
	}
	if r.terminal {
		return "next time > FILE keeps the lines left over: " + what
	}
	return "the lines left over are on stdout: " + what
}

// tallyText returns what became of the lines of one type.
func (r *report) tallyText(kind string, t *ledger.Tally) string {
	var parts []string
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, tool.Thousands(n)+" "+text)
		}
	}
	if r.deletes && kind == record.TypeUser {
		add(t.Loaded, "deleted")
		add(t.Unchanged, "not in Permit")
	} else {
		add(t.Added, "added")
		add(t.Loaded-t.Added, "changed")
		add(t.Unchanged, "unchanged")
	}
	add(t.Repeated, "repeated")
	add(t.NotLoaded, "left over")
	return strings.Join(parts, ", ")
}

// sumTexts returns what else was done.
func sumTexts(sums ledger.Sums) (parts []string) {
	for _, each := range []struct {
		n          int
		noun, done string
	}{
		{sums.Granted, "permission", "given to roles"},
		{sums.Revoked, "permission", "taken from roles"},
		{sums.Assigned, "role assignment", "added"},
		{sums.Restored, "role assignment", "put back"},
		{sums.Unassigned, "role assignment", "taken away"},
		{sums.NoEmail, "user", "loaded without email: another user has it"},
	} {
		if each.n > 0 {
			parts = append(parts, tool.Count(each.n, each.noun)+" "+each.done)
		}
	}
	return parts
}

// Closing implements tool.TimedReport.
func (r *report) Closing(elapsed time.Duration) (line string, counts []slog.Attr) {
	line = r.String()
	if line == "" {
		return "", nil
	}
	for kind, t := range r.ledger.Tallies() {
		done := []any{"added", t.Added, "changed", t.Loaded - t.Added}
		if r.deletes {
			done = []any{"deleted", t.Loaded}
		}
		counts = append(counts, slog.Group(kind+"s", append(done, "in", t.In,
			"unchanged", t.Unchanged, "repeated", t.Repeated, "not_loaded", t.NotLoaded)...))
	}
	sums := r.ledger.Sums
	counts = append(counts, slog.Int("assignments_made", sums.Assigned),
		slog.Int("assignments_removed", sums.Unassigned), slog.Int("users_deleted", sums.Deleted),
		slog.Int("permissions_granted", sums.Granted), slog.Int("permissions_revoked", sums.Revoked))
	if r.stopped {
		return fmt.Sprintf("stopped after %s, %s", elapsed, line), counts
	}
	return fmt.Sprintf("done in %s, %s", elapsed, line), counts
}
