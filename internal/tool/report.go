package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// Report is what a run says at its end: one line for people, from String, unless
// it is empty; and for --summary the same as JSON.
type Report interface{ String() string }

// TimedReport is a report that says itself how long the run took, and gives the numbers
// of its line as fields, too, for --log-format json.
type TimedReport interface {
	Report
	Closing(elapsed time.Duration) (line string, counts []slog.Attr)
}

// SetReport sets the report of this run. It is read when the run ends, however it
// ends.
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
		t.message(0, "", fmt.Sprintf("%s in %s", line, elapsed))
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
