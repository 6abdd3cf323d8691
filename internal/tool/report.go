package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// Report is the summary of a run: one line for people, from String, unless it is empty,
// and the same as JSON for --summary.
type Report interface{ String() string }

// TimedReport is a report whose line says how long the run took. For --log-format json it
// also returns the numbers of the line as fields.
type TimedReport interface {
	Report
	Closing(elapsed time.Duration) (line string, counts []slog.Attr)
}

// SetReport sets the report of this run. It is printed when the run ends, for whatever
// reason.
func (t *Tool) SetReport(r Report) { t.report = r }

// printReport prints the closing line.
func (t *Tool) printReport() {
	if t.report == nil {
		return
	}
	elapsed := time.Since(t.started).Round(100 * time.Millisecond)
	if r, ok := t.report.(TimedReport); ok {
		if line, counts := r.Closing(elapsed); line != "" {
			t.message(0, "", line, counts...)
		}
		return
	}
	if line := t.report.String(); line != "" {
		t.message(0, "", fmt.Sprintf("%s in %s", line, elapsed), slog.Any("summary", t.report))
	}
}

// writeSummary writes the file of --summary.
func (t *Tool) writeSummary(ctx context.Context, code int, cause error) error {
	if t.summary == "" {
		return nil
	}
	fields := map[string]any{}
	if t.report != nil {
		data, err := json.Marshal(t.report)
		if err != nil {
			return fmt.Errorf("--summary: %w", err)
		}
		if err := json.Unmarshal(data, &fields); err != nil {
			return fmt.Errorf("--summary: %w", err)
		}
	}
	fields["tool"] = t.Name
	fields["version"] = Version()
	fields["started"] = t.started.UTC().Format(time.RFC3339)
	fields["elapsed_seconds"] = time.Since(t.started).Seconds()
	fields["exit_code"] = code
	if cause != nil {
		fields["error"] = kindOf(cause).before + textOf(cause)
	}
	data, err := json.MarshalIndent(fields, "", "  ")
	if err != nil {
		return fmt.Errorf("--summary: %w", err)
	}
	out, err := t.create(ctx, t.summary)
	if err != nil {
		return fmt.Errorf("--summary: %w", err)
	}
	defer out.Abort()
	if _, err := out.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("--summary: %w", err)
	}
	return out.Commit()
}
