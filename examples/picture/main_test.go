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

// The picture in the README is what the sandbox prints today, apart from times,
// from the number of calls (a job is polled by the clock) and from the order in
// which three commands at work get to print.
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

var varies = regexp.MustCompile(` in [0-9.]+m?s|\d+ calls to Auth0 and \d+ to Permit`)

// lasting returns the lines without what varies from run to run, sorted.
func lasting(lines []string) []string {
	lines = strings.Split(varies.ReplaceAllString(strings.Join(lines, "\n"), ""), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	slices.Sort(lines)
	return lines
}

// The pictures are well-formed, and nothing in them is fetched from elsewhere.
func TestPictures(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../pipe.svg", "../sandbox.svg"} {
		svg, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(texts(t, svg)) == 0 {
			t.Errorf("%s says nothing", name)
		}
		if regexp.MustCompile(`(?i)href|<script|url\(h|@import`).Match(svg) {
			t.Errorf("%s refers to something outside", name)
		}
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
