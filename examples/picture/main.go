// Command picture draws the README's screenshot: it runs the sandbox and writes
// what that prints as an SVG that looks like a terminal. The same output gives the
// same bytes.
//
//	go run ./examples/picture
package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"unicode/utf8"
)

const command = "go run ./examples/sandbox"

func main() {
	file := flag.String("o", "examples/sandbox.svg", "the `FILE` to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := writePicture(ctx, *file)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture: error:", err)
		os.Exit(1)
	}
}

func writePicture(ctx context.Context, file string) error {
	printed, err := runSandbox(ctx, ".")
	if err != nil {
		return err
	}
	return os.WriteFile(file, draw(command, printed), 0o644) //nolint:gosec // a picture for everybody
}

// runSandbox runs the sandbox in the repository's root dir, and returns its stdout and
// stderr in the order in which they were printed.
func runSandbox(ctx context.Context, dir string) (string, error) {
	var printed bytes.Buffer
	words := strings.Fields(command)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // the words are above
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &printed, &printed
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s (run this in the repository's root): %w\n%s", command, err, printed.String())
	}
	return printed.String(), nil
}

// The terminal: its width in characters, and the sizes of things in pixels.
const (
	columns    = 110
	cellWidth  = 8
	lineHeight = 18
	margin     = 16
	bar        = 32
)

// head is the beginning of the picture. It takes the width, the height, the command and
// the size of the frame.
const head = `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" ` +
	`role="img" aria-label="what %[3]s prints">
<!-- made by go run ./examples/picture -->
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d0d7de; ` +
	`white-space: pre }
.prompt { fill: #7ee787; font-weight: bold } .warning { fill: #e3b341 } .hint { fill: #79c0ff } ` +
	`.error { fill: #ff7b72 }
</style>
<rect x="0.5" y="0.5" width="%[4]d" height="%[5]d" rx="8" fill="#161b22" stroke="#6e7681"/>
<circle cx="20" cy="17" r="6" fill="#ff5f57"/><circle cx="40" cy="17" r="6" fill="#febc2e"/>` +
	`<circle cx="60" cy="17" r="6" fill="#28c840"/>
`

// draw returns a picture of a terminal in which command has printed a text.
func draw(command, printed string) []byte {
	lines := append([]string{"$ " + command}, strings.Split(strings.TrimRight(plain(printed), "\n"), "\n")...)
	rows := 0
	for _, line := range lines {
		rows += len(wrap(line))
	}
	width, height := columns*cellWidth+2*margin, bar+rows*lineHeight+2*margin
	var svg bytes.Buffer
	fmt.Fprintf(&svg, head, width, height, command, width-1, height-1)
	y := bar + margin
	for _, line := range lines {
		for _, row := range wrap(line) {
			if row != "" {
				// The length keeps the columns in place with any font.
				length := utf8.RuneCountInString(row) * cellWidth
				fmt.Fprintf(&svg, `<text x="%d" y="%d" textLength="%d" lengthAdjust="spacingAndGlyphs" `, margin, y, length)
				fmt.Fprintf(&svg, `xml:space="preserve"%s>%s</text>`+"\n", class(line), escape(row))
			}
			y += lineHeight
		}
	}
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}

// wrap breaks a line where a terminal does, at its edge.
func wrap(line string) []string {
	runes := []rune(line)
	var rows []string
	for len(runes) > columns {
		rows = append(rows, string(runes[:columns]))
		runes = runes[columns:]
	}
	return append(rows, string(runes))
}

var kind = regexp.MustCompile(`^[a-z0-9]+: (warning|hint|error): `)

// class returns the class attribute of a line, if it has one.
func class(line string) string {
	switch match := kind.FindStringSubmatch(line); {
	case strings.HasPrefix(line, "$ "):
		return ` class="prompt"`
	case match != nil:
		return ` class="` + match[1] + `"`
	}
	return ""
}

var (
	sequence = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)|[@-Z\\\\-_])")
	unseen   = regexp.MustCompile("[\x00-\x08\x0b-\x1f\x7f]")
	redrawn  = regexp.MustCompile("(?m)^.*\r([^\r\n])")
)

// plain returns text as a screen shows it in the end, without colours and without what
// was overwritten after a carriage return.
func plain(text string) string {
	text = sequence.ReplaceAllString(text, "")
	text = redrawn.ReplaceAllString(text, "$1")
	return unseen.ReplaceAllString(strings.ReplaceAll(text, "\t", "        "), "")
}

func escape(text string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(text)) // writing to a buffer cannot fail
	return out.String()
}
