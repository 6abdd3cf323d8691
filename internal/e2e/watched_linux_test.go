package e2e_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

// On a terminal of 80 columns, somebody who runs a load by hand sees the plan, the
// questions and the summary like this.
func TestWatched(t *testing.T) {
	t.Parallel()
	evening := permittest.State{
		Roles: []permittest.Role{{Key: "Admin", Name: "Admin"}, {Key: "viewer", Name: "Viewer"}},
	}
	var users, night strings.Builder
	night.WriteString(`{"type":"role","key":"Admin"}` + "\n" + `{"type":"role","key":"viewer"}` + "\n" +
		`{"type":"tenant","key":"default"}` + "\n")
	for name := range strings.FieldsSeq("ann bob cyd dan eve fay gus hal ida jon kim leo") {
		for number := range strings.FieldsSeq("1 2 3 4 5") {
			key, email := "auth0|"+name+number, name+number+"@acme.example"
			evening.Users = append(evening.Users, permittest.User{Key: key, Email: email, FirstName: name})
			evening.Assignments = append(evening.Assignments,
				permittest.Assignment{User: key, Role: "Admin", Tenant: "default"},
				permittest.Assignment{User: key, Role: "viewer", Tenant: "default"})
			users.WriteString(`{"type":"user","key":"` + key + `"}` + "\n")
			given, role := name, `{"role":"viewer"},{"role":"Admin"}`
			if number < "3" {
				given = strings.ToUpper(name)
			}
			if name == "ann" && number == "4" {
				role = `{"role":"viewer"}`
			}
			night.WriteString(`{"type":"user","key":"` + key + `","email":"` + email + `","first_name":"` + given +
				`","role_assignments":[` + role + `]}` + "\n")
		}
	}
	end := `{"type":"end","complete":true,"as_of":"` + time.Now().Add(-time.Hour).Format(time.RFC3339) + `"}` + "\n"
	records := map[string]string{
		"night.jsonl": night.String() + end,
		"gone.jsonl":  users.String(),
		"new.jsonl": `{"type":"user","key":"auth0|zoe","role_assignments":[{"role":"Auditor","tenant":"acme"}]}` +
			"\n" + end,
		"broken.jsonl": `{"type":"user","key":"auth0|zoe","email":"zoe"}` + "\n" +
			`{"type":"user","key":"auth0|ann1"}` + "\n" + end,
	}
	for name, tt := range map[string]struct{ command, answer string }{
		"check":        {"check", ""},
		"plan":         {"--dry-run night.jsonl", ""},
		"roles":        {"--roles replace --change-limit 100 night.jsonl", "n"},
		"changes":      {"night.jsonl", "n"},
		"changes-done": {"--undo undo.jsonl night.jsonl", "y"},
		"missing":      {"new.jsonl", "n"},
		"missing-done": {"new.jsonl", "y"},
		"removal":      {"remove --remove-limit 100 gone.jsonl", "n"},
		"removal-done": {"remove --remove-limit 100 --undo undo.jsonl gone.jsonl", "y"},
		"left":         {"broken.jsonl", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range records {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			clock := httpapitest.NewClockAt(time.Now().Add(-2*time.Hour), 1)
			s := permittest.New(permittest.Options{Clock: clock})
			s.Seed(evening)
			clock.Advance(2 * time.Hour)
			address, stop := s.Start()
			t.Cleanup(stop)
			cmd := exec.CommandContext(t.Context(), "permitload", strings.Fields(tt.command)...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(),
				"PERMIT_API_URL="+address, "PERMIT_API_KEY="+permittest.DefaultKey, "SCRIPT_TERMINAL=real", "TERM=xterm")
			seen := "$ permitload " + tt.command + "\n" + bars.ReplaceAllString(watch(t, cmd, tt.answer), "")
			seen = strings.ReplaceAll(seen, strings.TrimPrefix(address, "http://"), "127.0.0.1:7766")
			seen = regexp.MustCompile(`done in \d+m?s`).ReplaceAllString(seen, "done in 1s")
			compareFile(t, filepath.Join("testdata", "watched", name+".txt"), wrap(seen, 80))
		})
	}
}

// bars matches progress bars, which are erased again.
var bars = regexp.MustCompile(`\r([^\r\n]*\x1b\[K)+`)

// watch runs a command on a terminal, answers its question, and returns what the terminal
// shows.
func watch(t *testing.T, cmd *exec.Cmd, answer string) string {
	t.Helper()
	person, process := openPTY(t)
	if err := unix.IoctlSetWinsize(int(person.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = process, process
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 1}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = process.Close()
	var seen strings.Builder
	if answer != "" {
		seen.WriteString(readUntil(t, person, "[y/N] "))
		if _, err := person.WriteString(answer + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = io.Copy(&seen, person) // ends with an error when the terminal is closed
	_ = cmd.Wait()                // another test looks at the exit code
	return strings.ReplaceAll(seen.String(), "\r\n", "\n")
}

// wrap breaks lines as a terminal does.
func wrap(text string, columns int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		runes := []rune(strings.TrimSuffix(line, "\n"))
		for len(runes) > columns {
			b.WriteString(string(runes[:columns]) + "\n")
			runes = runes[columns:]
		}
		b.WriteString(string(runes) + "\n")
	}
	return b.String()
}

// compareFile compares a text with a file, or writes the file if -update is set.
func compareFile(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
