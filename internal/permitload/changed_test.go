package permitload

import (
	"os"
	"strings"
	"testing"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// rewrite replaces the contents of a file and keeps its modification time.
func rewrite(t *testing.T, file, text string) {
	t.Helper()
	info, err := os.Stat(file)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o600)
	}
	if err == nil {
		err = os.Chtimes(file, info.ModTime(), info.ModTime())
	}
	if err != nil {
		t.Error(err)
	}
}

// If somebody writes to the file between the plan and the write, the load stops: nobody
// gets the roles of another line.
func TestFileThatChangesBeforeTheWriteStopsTheLoad(t *testing.T) {
	t.Parallel()
	const (
		role = `{"type":"role","key":"Admin"}`
		ann  = `{"type":"user","key":"ann","role_assignments":[{"role":"Admin"}]}`
		bob  = `{"type":"user","key":"bob","role_assignments":[                ]}`
		bill = `{"type":"user","key":"bob","role_assignments":[{"role":"Admin"}]}`
	)
	before := lines(role, ann, bob) + endLine
	for name, tt := range map[string]struct{ later, says string }{
		"lines in another order": {lines(role, bob, ann) + endLine, "line 2 has changed since it was read"},
		"roles of a line":        {lines(role, ann, bill) + endLine, "line 3 has changed since it was read"},
		"a name of the same size": {
			strings.Replace(before, `"ann"`, `"eve"`, 1), "line 2 has changed since it was read",
		},
		"cut in a line":       {before[:len(role)+30], "line 2 has changed since it was read"},
		"cut before the line": {before[:10], "has changed since it was read"},
		"spaces":              {strings.Replace(before, `":[ `, `": [`, 1), "line 3 has changed since it was read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := writeFile(t, "records.jsonl", before)
			srv := permittest.New(permittest.Options{Faults: onCall("GET F/users", func() { rewrite(t, file, tt.later) })})
			srv.Seed(permittest.State{Roles: []permittest.Role{{Key: "Admin", Name: "Admin"}}})
			got := run(t, srv, "", file)
			wantExit(t, got, tool.Stopped, "records.jsonl", tt.says)
			wantNothingWritten(t, srv, got, "load it again")
		})
	}
}

// A file that changes during the load stops it. Users whose lines are unchanged come out,
// and none whose line has changed.
func TestFileThatChangesDuringTheLoad(t *testing.T) {
	t.Parallel()
	const n = 3010 // more than one call holds
	_, before := bareUsers(n)
	file := writeFile(t, "records.jsonl", before)
	later := strings.Replace(before, "u003003", "u999999", 1)
	srv := permittest.New(permittest.Options{Faults: onCall("PUT F/bulk/users", func() { rewrite(t, file, later) })})
	got := run(t, srv, "", file)
	wantExit(t, got, tool.Stopped, "records.jsonl: line 3004 has changed since it was read")
	left := rejectedKeys(t, got.stdout)
	if len(left) != n-len(srv.State().Users)-1 || strings.Contains(got.stdout, "u003003") ||
		strings.Contains(got.stdout, "u999999") {
		t.Errorf("%d users in Permit, %d lines on stdout: %.300s", len(srv.State().Users), len(left), got.stdout)
	}
}

// Only lines that were read come out. A rejected line or a role line that has changed
// since does not, and the run fails.
func TestRejectThatChangesDoesNotComeOut(t *testing.T) {
	t.Parallel()
	const (
		role   = `{"type":"role","key":"Admin"}`
		broken = `{"type":"user","key":"no good"}`
		second = `{"type":"user","key":"no worse"}`
	)
	tests := []struct{ name, line, later string }{
		{"a reject", broken, strings.Replace(broken, "good", "food", 1)},
		{"a role", role, strings.Replace(role, "Admin", "Owner", 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := lines(role, broken, second) + annLine + endLine
			file := writeFile(t, "records.jsonl", before)
			srv := permittest.New(permittest.Options{Faults: onCall("PUT F/bulk/users", func() {
				rewrite(t, file, strings.Replace(before, tt.line, tt.later, 1))
			})})
			got := run(t, srv, "", "--create-missing", "no", file)
			wantExit(t, got, tool.Stopped, "has changed since it was read")
			for _, text := range []string{tt.line, tt.later} {
				if strings.Contains(got.stdout, text[:len(text)-1]) {
					t.Errorf("stdout has a line that has changed:\n%s", got.stdout)
				}
			}
			if !strings.Contains(got.stdout, second[:len(second)-1]) {
				t.Errorf("stdout lacks a line that has not:\n%s", got.stdout)
			}
		})
	}
}
