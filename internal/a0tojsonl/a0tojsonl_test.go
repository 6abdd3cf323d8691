package a0tojsonl_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/a0tojsonl"
	"a0permit/internal/a0tojsonl/sample"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

type result struct {
	code     int
	out, err string
}

func runOn(t *testing.T, in string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := a0tojsonl.Run(t.Context(), append([]string{"a0tojsonl"}, args...), strings.NewReader(in), &out, &errs)
	return result{code, out.String(), errs.String()}
}

func runPaced(t *testing.T, in string, workers, chunk int, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := a0tojsonl.RunPaced(t.Context(), append([]string{"a0tojsonl"}, args...), strings.NewReader(in), &out, &errs, workers, chunk)
	return result{code, out.String(), errs.String()}
}

// messages is stderr without the closing summary, whose time varies.
func (r result) messages() string {
	var kept strings.Builder
	for line := range strings.Lines(r.err) {
		if !strings.Contains(line, " rejected") || !strings.Contains(line, " in ") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

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

func zip(t *testing.T, at time.Time, data string) string {
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

func save(t *testing.T, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whatever breaks the input off, what came before is written, the end line says
// so, and one error says where.
func TestBrokenInput(t *testing.T) {
	t.Parallel()
	const one = "user_id\nauth0|1\n"
	whole := zip(t, time.Time{}, one+strings.Repeat("auth0|2\n", 100))
	corrupt := []byte(whole)
	corrupt[len(corrupt)-6] ^= 1 // in the checksum
	const jsonHint = "a0tojsonl: hint: export the users as CSV: a0export does, and so does an export job with \"format\": \"csv\"; lines that begin {\"type\": are records already, for permitload\n"
	tests := []struct {
		name, in string
		users    int // -1 for any
		messages string
	}{
		{"nothing", "", 0, "a0tojsonl: error: stdin is empty: the command before this one wrote nothing\n"},
		{"gzip around nothing", zip(t, time.Time{}, ""), 0, "a0tojsonl: error: stdin is empty: the command before this one wrote nothing\n"},
		{"blank lines", "\n\r\n", 0, "a0tojsonl: error: stdin is empty: the command before this one wrote nothing\n"},
		{"cut gzip", whole[:len(whole)-9], -1, "a0tojsonl: error: read stdin: the gzip data breaks off\n"},
		{"cut in the first gzip header", whole[:5], 0, "a0tojsonl: error: read stdin: the gzip data breaks off\n"},
		{"cut between members", whole + whole[:12], 101, "a0tojsonl: error: read stdin: the gzip data breaks off\n"},
		{"corrupt gzip", string(corrupt), -1, "a0tojsonl: error: read stdin: the gzip data is damaged: its checksum does not match\n"},
		{
			"bare quote", one + "x\"y\n", 1,
			"a0tojsonl: error: stdin: row 3, line 3, column 2: bare \" in non-quoted-field\n" +
				"a0tojsonl: hint: a cell with a \" in it is written in quotes, with the \" doubled: \"a \"\"b\"\" c\"\n",
		},
		{"JSON", `[{"user_id":"auth0|1"}]`, 0, "a0tojsonl: error: stdin: not CSV: it looks like JSON\n" + jsonHint},
		{"our own output", `{"type":"end"}`, 0, "a0tojsonl: error: stdin: not CSV: it looks like JSON\n" + jsonHint},
		{"binary", "\x7fELF\x00\x01", 0, "a0tojsonl: error: stdin: not CSV: it looks like binary data\na0tojsonl: hint: feed CSV, plain or gzip: what a0export writes\n"},
		{"workbook", "PK\x03\x04", 0, "a0tojsonl: error: stdin: not CSV: it looks like a spreadsheet or another zip file\na0tojsonl: hint: save it as CSV in UTF-8, or feed the CSV that Auth0 gave out\n"},
		{
			"no user_id", "email,Name\njane@acme.com,Jane\n", 0,
			"a0tojsonl: error: stdin: row 1, line 1: no user_id column\n" +
				"a0tojsonl: hint: the header has: \"email\", \"Name\"\n" +
				"a0tojsonl: hint: name the column of Auth0's user ids user_id; other names that are known: Id\n",
		},
		{
			"two columns of one meaning, in the middle", one + "user_id,provider,Connection\n", 1,
			"a0tojsonl: error: stdin: row 3, line 3: columns 2 and 3, \"provider\" and \"Connection\", are both the provider\n" +
				"a0tojsonl: hint: leave one of them out, or rename it\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runOn(t, tt.in)
			if got.code != tool.Stopped {
				t.Errorf("exit %d, want %d", got.code, tool.Stopped)
			}
			if diff := cmp.Diff(tt.messages, got.messages()); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
			end := got.end(t)
			if end.Complete || !strings.Contains(tt.messages, "error: "+end.Reason+"\n") {
				t.Errorf("end = %+v, want not complete, with the reason on stderr", end)
			}
			if users := strings.Count(got.out, `"type":"user"`); end.Users != users || tt.users >= 0 && users != tt.users {
				t.Errorf("%d users written, the end line says %d, want %d", users, end.Users, tt.users)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, data string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	early, late := time.Date(2026, 11, 23, 22, 43, 0, 0, time.FixedZone("", 3600)), time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	a := write("a.csv.gz", zip(t, late, "user_id\nauth0|1\n")+zip(t, early, "'auth0|2\nuser_id\n'auth0|3"))
	b := write("b.csv", "\ufeffId\nauth0|4")
	out := filepath.Join(dir, "out.jsonl")
	got := runOn(t, "user_id\nauth0|5\n", "-o", out, a, b, "-")
	// Within the first table no id is escaped, so that the second row is refused.
	if got.code != tool.Rejected || got.out != "" {
		t.Errorf("exit %d, stdout %q, stderr %s", got.code, got.out, got.err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"user","key":"auth0|1"}
{"type":"user","key":"auth0|3"}
{"type":"user","key":"auth0|4"}
{"type":"user","key":"auth0|5"}
{"type":"end","complete":true,"users":4,"roles":0,"tenants":0,"rejected":1,"as_of":"2026-11-23T21:43:00Z"}
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if want := "error: " + a + ": row 3, line 3, column \"user_id\": "; !strings.Contains(got.err, want) {
		t.Errorf("stderr lacks %q:\n%s", want, got.err)
	}

	failed := runOn(t, "", "-o", filepath.Join(dir, "none"), "--rejects", filepath.Join(dir, "nor"), a, filepath.Join(dir, "missing"))
	if left, _ := filepath.Glob(filepath.Join(dir, "*no*")); failed.code != tool.Stopped || len(left) > 0 {
		t.Errorf("a failure: exit %d, left %q", failed.code, left)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := [][]string{
		{"--nonsense"},
		{"--rejects", "-"},
		{"--rejects", "x", "-o", "x"},
		{"--role-map", "-"},
		{"x.csv", "--strict"},
		{"-", "-"},
		{"--log-format", "xml"},
		{"-o", t.TempDir()},
	}
	for _, args := range tests {
		if got := runOn(t, "user_id\n1\n", args...); got.code != tool.BadUsage || got.out != "" || !strings.HasPrefix(got.err, "a0tojsonl: error: ") {
			t.Errorf("%q: exit %d, stdout %q, stderr %q; want exit 2 and an error", args, got.code, got.out, got.err)
		}
	}
	help := runOn(t, "", "--help")
	if help.code != tool.Done || help.err != "" || !strings.Contains(help.out, "--role-map FILE") || strings.Count(help.out, "--help") != 1 {
		t.Errorf("--help: exit %d, stderr %q, stdout:\n%s", help.code, help.err, help.out)
	}
	if n := strings.Count(help.out, "\n"); n > 45 {
		t.Errorf("--help has %d lines; it should fit a screen", n)
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, line string
		want     map[string]any
	}{
		{"user_id\n" + strings.Repeat("u\n", 2000) + "a b\n", "a0tojsonl: 2,000 users, 0 roles, 0 tenants, 1 rejected in ", map[string]any{"users": 2000.0, "roles": 0.0, "tenants": 0.0, "rejected": 1.0, "complete": true, "exit_code": 3.0}},
		{"user_id\nu\n\"", "a0tojsonl: 1 user, 0 roles, 0 tenants, 0 rejected, not complete, in ", map[string]any{"users": 1.0, "roles": 0.0, "tenants": 0.0, "rejected": 0.0, "complete": false, "exit_code": 1.0}},
	} {
		path := filepath.Join(t.TempDir(), "summary.json")
		got := runOn(t, tt.in, "--summary", path)
		if !strings.Contains(got.err, tt.line) {
			t.Errorf("stderr lacks %q:\n%s", tt.line, got.err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		for name, want := range tt.want {
			if fields[name] != want {
				t.Errorf("summary: %s = %v, want %v", name, fields[name], want)
			}
		}
	}
}

// stall hands out its data, then cancels, then is silent like an idle pipe.
type stall struct {
	data   io.Reader
	cancel func()
	silent chan struct{}
}

func (s *stall) Read(p []byte) (int, error) {
	if n, err := s.data.Read(p); err == nil {
		return n, nil
	}
	s.cancel()
	<-s.silent
	return 0, io.EOF
}

func (s *stall) Close() error {
	close(s.silent)
	return nil
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cause string
		code  int
	}{
		{"interrupt signal received", tool.Interrupted},
		{"terminated signal received", tool.Terminated},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		in := &stall{data: strings.NewReader("user_id\nauth0|1\n"), cancel: func() { cancel(errors.New(tt.cause)) }, silent: make(chan struct{})}
		var out, errs bytes.Buffer
		code := a0tojsonl.Run(ctx, []string{"a0tojsonl"}, in, &out, &errs)
		got := result{code, out.String(), errs.String()}
		if end := got.end(t); code != tt.code || end.Complete || end.Reason != "interrupted" {
			t.Errorf("%s: exit %d, end %+v", tt.cause, code, end)
		}
		if want := "a0tojsonl: error: interrupted\n"; got.messages() != want {
			t.Errorf("%s: stderr %q, want %q", tt.cause, got.messages(), want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestOutputError(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 100_000} {
		var errs bytes.Buffer
		code := a0tojsonl.Run(t.Context(), []string{"a0tojsonl"}, sample.New(rows), full{}, &errs)
		if want := "a0tojsonl: error: output: disk full\n"; code != tool.Stopped || !strings.HasPrefix(errs.String(), want) {
			t.Errorf("%d rows: exit %d, stderr %q, want %q", rows, code, errs.String(), want)
		}
	}
}

// endsWith is a stream whose end comes with an interrupt: Ctrl-C has ended the
// command before this one, too.
type endsWith struct {
	io.Reader
	interrupt func()
}

func (e endsWith) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err != nil {
		e.interrupt()
	}
	return n, err
}

func TestInterruptAtTheEnd(t *testing.T) {
	t.Parallel()
	for range 20 { // the two used to race
		ctx, cancel := context.WithCancel(t.Context())
		var out, errs bytes.Buffer
		code := a0tojsonl.Run(ctx, []string{"a0tojsonl"}, endsWith{strings.NewReader("user_id\nauth0|1\n"), cancel}, &out, &errs)
		if code != tool.Interrupted || !strings.Contains(out.String(), `"complete":false`) {
			t.Fatalf("exit %d, %s%s", code, out.String(), errs.String())
		}
	}
}
