package ledger

import (
	"io"
	"strings"
	"testing"

	"a0permit/internal/reconcile"
)

// On a terminal twenty lines are enough; the rest is for a file.
func TestOutputOnATerminal(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	o := rejectWriter{w: &b, terminal: true}
	for range 25 {
		if err := o.put([]byte(`{"type":"user","key":"auth0|ann"}`), reconcile.DifferingLines); err != nil {
			t.Fatal(err)
		}
	}
	rows := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(rows) != 21 || rows[0] != "auth0|ann: differing_lines: another line has this key and differs" ||
		!strings.Contains(rows[20], "> left.jsonl") {
		t.Errorf("%d lines:\n%s", len(rows), b.String())
	}
}

// A terminal shows the key even of a line that is too long for memory.
func TestLongLineOnATerminal(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	o := rejectWriter{w: &b, terminal: true}
	line := strings.NewReader(`{"type":"user","key":"auth0|ann","attributes":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`)
	err := o.putLong(io.NewSectionReader(line, 0, line.Size()), reconcile.DifferingLines)
	if err != nil || b.String() != "auth0|ann: differing_lines: another line has this key and differs\n" {
		t.Errorf("%.200q, %v", b.String(), err)
	}
}
