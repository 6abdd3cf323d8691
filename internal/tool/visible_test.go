package tool_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// hostile is a possible name in a tenant: it clears a terminal, reverses letters, hides
// some, and ends the line to fake one of ours.
const hostile = "a\x1b[2Jb\u009b31mc\x7fd\u202ee\u2066f\u200eg\u061ch\u200bi\u2060j\ufeffk\u00adl\u2028m" +
	"\u3164n\ufe0fo\U000e0041p\rq\ndemo: error: forged"

// findHidden returns what a terminal would not show of a text.
func findHidden(text string) string {
	var hidden []rune
	for _, r := range text {
		if r != '\n' && r != '\t' && (!unicode.IsGraphic(r) || r == '\u3164' || r == '\ufe0f') {
			hidden = append(hidden, r)
		}
	}
	return string(hidden)
}

// speakOf prints messages of each kind about an outside text.
func speakOf(text string) action {
	return func(_ *cli.Context, t *tool.Tool) error {
		t.Say("role %s", text)
		t.Warn("role %s", text)
		t.Hint("name %s", text)
		t.Problem("row 1: %s", text)
		t.Log.Warn("detail "+text, "name", text, text, 1)
		return tool.Usage("no role "+text, "try "+text)
	}
}

// Outside text cannot control a terminal or begin a line, in messages and in the log,
// even in a file that is looked at later.
func TestOutsideTextIsMadeVisible(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--log-format", "json"}} {
		got := run(t.Context(), speakOf(hostile+"\xff"), args...)
		if hidden := findHidden(got.errs); hidden != "" || !utf8.ValidString(got.errs) {
			t.Errorf("%v: %+q gets to the terminal:\n%q", args, hidden, got.errs)
		}
		if n := strings.Count(got.errs, "\n"); n != 7 {
			t.Errorf("%v: %d lines, want one for each message:\n%s", args, n, got.errs)
		}
		if strings.Contains(got.errs, "\ndemo: error: forged") {
			t.Errorf("%v: a forged line:\n%s", args, got.errs)
		}
		if !strings.Contains(got.errs, `\u202e`) {
			t.Errorf("%v: the reader does not see what is there:\n%s", args, got.errs)
		}
	}
}

// JSON keeps the text itself for programs that read the record.
func TestVisibleJSON(t *testing.T) {
	t.Parallel()
	got := run(t.Context(), speakOf(hostile), "--log-format", "json")
	for line := range strings.Lines(got.errs) {
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil || !strings.Contains(m.Msg, hostile) {
			t.Errorf("%s: %+q, %v", line, m.Msg, err)
		}
	}
}

// Names in other languages and emoji stay as they are.
func TestVisibleTextStays(t *testing.T) {
	t.Parallel()
	const text = "José Pérez 王小明 مريم 😀 café\tone"
	got := run(t.Context(), func(_ *cli.Context, t *tool.Tool) error {
		t.Say("%s", text)
		return nil
	})
	check(t, got, result{errs: "demo: " + text + "\n"})
}

// Data in a file or a pipe is passed on byte for byte.
func TestDataStays(t *testing.T) {
	t.Parallel()
	check(t, run(t.Context(), write(hostile+"\xff\x00")), result{out: hostile + "\xff\x00"})
}
