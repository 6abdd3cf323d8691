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

// A NotCSVError is a file that is plainly something else.
type NotCSVError struct {
	Looks string
	// Says is what the file says to people, if it is an error or a page that was saved
	// in place of the data.
	Says string
}

func (e *NotCSVError) Error() string {
	text := "not CSV: it looks like " + e.Looks
	if e.Says != "" {
		text += fmt.Sprintf(" that says %q", e.Says)
	}
	return text
}

// A SeparatorError is a file whose cells are separated by something else than a
// comma.
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

// sniffLength is how many bytes are looked at. A page has its title in them.
const sniffLength = 4096

var bom = []byte("\ufeff")

// guessFormat returns a *NotCSVError if the first bytes of a file are plainly no CSV.
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
	case bytes.IndexByte(firstLine, 0) >= 0: // further down it is a flaw of a row
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

// messageOfJSON returns the message of an API's error, "" if the text is none.
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

// guessPage returns the error for a page of HTML or XML. Storage services answer in
// XML, with <Code> and <Message>, when a link has expired.
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

// textOfTag returns the text in the first tag of that name, "" if there is none.
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

// lower returns ASCII letters in lower case, and all else as it is.
func lower(text []byte) []byte {
	text = bytes.Clone(text)
	for i, b := range text {
		if 'A' <= b && b <= 'Z' {
			text[i] += 'a' - 'A'
		}
	}
	return text
}

// shorten returns a text on one line of bearable length.
func shorten(text string) string {
	const most = 200
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strings.ToValidUTF8(text, "")
}

// skipSeparatorLine returns where a file begins after a line sep=, and an error for
// another separator. Excel reads such a line, and writes it when asked to.
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
