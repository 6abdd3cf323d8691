package a0tojsonl_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"a0permit/internal/a0tojsonl"
	"a0permit/internal/record"
)

// result is the exit code of a run and what it wrote.
type result struct {
	code     int
	out, err string
}

// runOn runs a0tojsonl with this stdin.
func runOn(t *testing.T, in string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := a0tojsonl.Run(t.Context(), append([]string{"a0tojsonl"}, args...), strings.NewReader(in), &out, &errs)
	return result{code, out.String(), errs.String()}
}

// runParallel is runOn with a number of workers and a chunk size in bytes.
func runParallel(t *testing.T, in string, workers, chunk int, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"a0tojsonl"}, args...)
	code := a0tojsonl.RunParallel(t.Context(), args, strings.NewReader(in), &out, &errs, workers, chunk)
	return result{code, out.String(), errs.String()}
}

var closingLine = regexp.MustCompile(`^a0tojsonl: [\d,]+ users?, .* rejected.* in `)

// messages returns stderr without the summary, whose time varies.
func (r result) messages() string {
	var kept strings.Builder
	for line := range strings.Lines(r.err) {
		if !closingLine.MatchString(line) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// end returns the end line. The test fails if it is not the last line.
func (r result) end(t *testing.T) record.End {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(r.out, "\n"), "\n")
	var end record.End
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil {
		t.Fatalf("last line: %v in %q", err, r.out)
	}
	if end.Type != record.TypeEnd {
		t.Fatalf("the last line is no end line: %q", r.out)
	}
	return end
}

// firstUser returns the line of the first user.
func (r result) firstUser() string {
	for line := range strings.Lines(r.out) {
		if strings.Contains(line, `"type":"user"`) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// compress returns data as gzip with this time in its header.
func compress(t *testing.T, at time.Time, data string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.ModTime = at
	if _, err := w.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// writeFile writes data to a file and returns its path.
func writeFile(t *testing.T, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
