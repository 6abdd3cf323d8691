package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const printed = "\x1b[1mone\x1b[0m <two> & \x1b]8;;http://x\x07three\x1b]8;;\x07\n\n10%\r100%\n" +
	"a0export: warning: four\n"

func TestDraw(t *testing.T) {
	t.Parallel()
	svg := draw("run", printed+strings.Repeat("é", columns+3)+"\n")
	want := []string{
		"$ run", "one <two> & three", "100%", "a0export: warning: four", strings.Repeat("é", columns), "ééé",
	}
	if got := texts(t, svg); !slices.Equal(got, want) {
		t.Errorf("the picture says %q, want %q", got, want)
	}
	if !bytes.Contains(svg, []byte(`class="warning">a0export`)) {
		t.Error("a warning has no colour")
	}
	if !bytes.Equal(svg, draw("run", printed+strings.Repeat("é", columns+3)+"\n")) {
		t.Error("the same output gives another picture")
	}
}

// The picture in the README is what the sandbox prints today, apart from times, the
// number of calls (a job is polled by the clock), ports, and the order in which three
// commands print.
func TestPictureIsTrue(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the sandbox and the tools")
	}
	svg, err := os.ReadFile("../sandbox.svg")
	if err != nil {
		t.Fatal(err)
	}
	printed, err := runSandbox(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	got, want := lasting(texts(t, svg)), lasting(texts(t, draw(command, printed)))
	if !slices.Equal(got, want) {
		t.Errorf("examples/sandbox.svg is not what the sandbox prints: go run ./examples/picture draws it anew\n"+
			" got %q\nwant %q", got, want)
	}
}

var varies = regexp.MustCompile(` in [0-9.]+m?s|\d+ calls to Auth0 and \d+ to Permit|127\.0\.0\.1:\d+`)

// lasting returns the lines as they were before they were wrapped, sorted and without
// what varies from run to run.
func lasting(rows []string) []string {
	var text strings.Builder
	for _, row := range rows {
		text.WriteString(row)
		if utf8.RuneCountInString(row) < columns {
			text.WriteString("\n")
		}
	}
	lines := strings.Split(varies.ReplaceAllString(text.String(), ""), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	slices.Sort(lines)
	return lines
}

// The picture is well-formed and refers to nothing outside.
func TestPictureIsWhole(t *testing.T) {
	t.Parallel()
	svg, err := os.ReadFile("../sandbox.svg")
	if err != nil {
		t.Fatal(err)
	}
	if len(texts(t, svg)) == 0 {
		t.Error("it says nothing")
	}
	if regexp.MustCompile(`(?i)href|<script|url\(h|@import`).Match(svg) {
		t.Error("it refers to something outside")
	}
}

// texts returns the lines of a picture, which must be well-formed.
func texts(t *testing.T, svg []byte) []string {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
	var lines []string
	for _, match := range regexp.MustCompile(`<text[^>]*>([^<]*)</text>`).FindAllSubmatch(svg, -1) {
		lines = append(lines, html.UnescapeString(string(match[1])))
	}
	return lines
}
