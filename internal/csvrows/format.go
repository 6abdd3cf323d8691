package csvrows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"strings"
)

// The values of NotCSVError.Looks.
const (
	JSON     = "JSON"
	Records  = "what a0tojsonl writes"
	HTML     = "an HTML page"
	XML      = "an XML page"
	Workbook = "a spreadsheet or another zip file"
	Gzip     = "gzip within gzip"
	UTF16    = "text in UTF-16"
	UTF16LE  = "text in UTF-16LE"
	UTF16BE  = "text in UTF-16BE"
	Binary   = "binary data"
)

// A NotCSVError is a file that is plainly something else than CSV.
type NotCSVError struct {
	Looks string
	// Says is the message or title of an API error or a page that was saved in place
	// of the data, "" if there is none.
	Says string
}

func (e *NotCSVError) Error() string {
	text := "not CSV: it looks like " + e.Looks
	if e.Says != "" {
		text += fmt.Sprintf(" that says %q", e.Says)
	}
	return text
}

// A SeparatorError is a file whose separator is not a comma.
type SeparatorError struct{ Separator byte }

func (e *SeparatorError) Error() string {
	name := fmt.Sprintf("%q", e.Separator)
	switch e.Separator {
	case '\t':
		name = "tabs"
	case ';':
		name = "semicolons"
	}
	return fmt.Sprintf("the cells are separated by %s, not by commas", name)
}

// sniffLength is how many of the first bytes of a file are checked. They are enough to
// have the title of a page.
const sniffLength = 4096

var bom = []byte("\ufeff")

// guessFormat returns a *NotCSVError if the first bytes of a file are plainly not CSV.
func guessFormat(head []byte) error {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
	firstLine, _, _ := bytes.Cut(head, lineEnd)
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return &NotCSVError{Looks: Workbook}
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return &NotCSVError{Looks: Gzip}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return &NotCSVError{Looks: UTF16}
	case len(head) > 3 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
		return &NotCSVError{Looks: UTF16LE}
	case len(head) > 3 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		return &NotCSVError{Looks: UTF16BE}
	case bytes.IndexByte(firstLine, 0) >= 0: // in a later line it is only a flaw of the row
		return &NotCSVError{Looks: Binary}
	case bytes.HasPrefix(text, []byte(`{"type":"`)):
		return &NotCSVError{Looks: Records}
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return &NotCSVError{Looks: JSON, Says: messageOfJSON(text)}
	case len(text) > 1 && text[0] == '<' && (isLetter(text[1]) || text[1] == '!' || text[1] == '?'):
		return guessPage(text)
	default:
		return nil
	}
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// messageOfJSON returns the message of an API error in JSON, "" if the text is not one.
func messageOfJSON(text []byte) string {
	var fields map[string]any
	if json.Unmarshal(text, &fields) != nil {
		return ""
	}
	var parts []string
	for _, name := range []string{"error", "error_description", "message", "title", "detail"} {
		if part, ok := fields[name].(string); ok {
			parts = append(parts, part)
		}
	}
	return shorten(strings.Join(parts, ": "))
}

// guessPage returns the error for a page of HTML or XML. If a link has expired, storage
// services answer in XML with <Code> and <Message>.
func guessPage(text []byte) error {
	if bytes.Contains(lower(text), []byte("html")) {
		return &NotCSVError{Looks: HTML, Says: textOfTag(text, "title")}
	}
	var parts []string
	for _, tag := range []string{"code", "message"} {
		if part := textOfTag(text, tag); part != "" {
			parts = append(parts, part)
		}
	}
	return &NotCSVError{Looks: XML, Says: strings.Join(parts, ": ")}
}

// textOfTag returns the text in the first tag of this name, "" if there is none.
func textOfTag(page []byte, tag string) string {
	at := bytes.Index(lower(page), []byte("<"+tag))
	if at < 0 {
		return ""
	}
	_, rest, _ := bytes.Cut(page[at:], []byte(">"))
	text, _, found := bytes.Cut(rest, []byte("<"))
	if !found {
		return ""
	}
	return shorten(html.UnescapeString(string(text)))
}

// lower returns a copy of text with ASCII letters in lower case. Unlike bytes.ToLower,
// it never changes the length.
func lower(text []byte) []byte {
	text = bytes.Clone(text)
	for i, b := range text {
		if 'A' <= b && b <= 'Z' {
			text[i] += 'a' - 'A'
		}
	}
	return text
}

// shorten returns text on one line, cut after 200 bytes.
func shorten(text string) string {
	const maxLength = 200
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxLength {
		text = text[:maxLength] + "..."
	}
	return strings.ToValidUTF8(text, "")
}

// skipSeparatorLine returns the offset after a first line "sep=,", which Excel reads
// and can write, and 0 if there is no such line. For another separator it returns a
// *SeparatorError.
func skipSeparatorLine(head []byte) (after int, err error) {
	line, _, found := bytes.Cut(head, lineEnd)
	after = len(line) + 1
	line = bytes.Trim(bytes.TrimSuffix(bytes.TrimPrefix(line, bom), []byte("\r")), `"`)
	const length = len("sep=,")
	if !found || len(line) != length || !bytes.EqualFold(line[:length-1], []byte("sep=")) {
		return 0, nil
	}
	if separator := line[length-1]; separator != ',' {
		return 0, &SeparatorError{Separator: separator}
	}
	return after, nil
}
