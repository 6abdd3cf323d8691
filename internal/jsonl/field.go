package jsonl

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
)

const space = " \t\r\n"

// Member is a member of a JSON object, in the bytes of the object.
type Member struct {
	Name  []byte // a string, with its quotes
	Value []byte

	end int // the offset of the end of Value in the object
}

// Is reports whether the member has this name.
func (m Member) Is(name string) bool { return Unquote(m.Name) == name }

// Unquote returns the text of a JSON string, "" for anything else.
func Unquote(quoted []byte) string {
	var text string
	_ = json.Unmarshal(quoted, &text) // it fails if this is not a string
	return text
}

var errNoObject = errors.New("not a JSON object")

// Members yields the members of a JSON object. If the text is not an object, it yields
// an error as soon as it finds that. It only looks for the end of each value, so it
// accepts objects that are too deep for encoding/json, and yields the members before a
// cut. It does not check that the values are JSON.
func Members(text []byte) iter.Seq2[Member, error] {
	return func(yield func(Member, error) bool) {
		rest := bytes.TrimLeft(text, space)
		for before := "{"; ; before = "," {
			var ok bool
			if rest, ok = bytes.CutPrefix(rest, []byte(before)); !ok {
				break
			}
			rest = bytes.TrimLeft(rest, space)
			if before == "{" && bytes.HasPrefix(rest, []byte("}")) {
				return
			}
			var m Member
			m.Name, rest = cutValue(rest)
			if rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, space), []byte(":")); !ok || !isString(m.Name) {
				break
			}
			if m.Value, rest = cutValue(bytes.TrimLeft(rest, space)); len(m.Value) == 0 {
				break
			}
			m.end = len(text) - len(rest)
			if !yield(m, nil) {
				return
			}
			if rest = bytes.TrimLeft(rest, space); bytes.HasPrefix(rest, []byte("}")) {
				return
			}
		}
		yield(Member{}, errNoObject)
	}
}

func isString(value []byte) bool { return bytes.HasPrefix(value, []byte{'"'}) }

// cutValue returns the JSON value at the beginning of text and the rest of the text. It
// returns nil for a value without an end.
func cutValue(text []byte) (value, rest []byte) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
			if depth == 0 && i < len(text) {
				return text[:i+1], text[i+1:]
			}
		case '{', '[':
			depth++
		case '}', ']':
			switch depth--; depth {
			case 0:
				return text[:i+1], text[i+1:]
			case -1:
				return text[:i], text[i:]
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return text[:i], text[i:]
			}
		}
	}
	return nil, nil
}

// stringEnd returns the index of the closing quote of the string that begins at i, or
// the length of the text if there is none.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return min(i, len(text))
}

// Depth returns how deep the arrays and objects of a JSON value are nested, and whether
// the value ends at the end of the text. It does not check that the text is JSON.
func Depth(text []byte) (deepest int, isWhole bool) {
	depth, text := 0, bytes.TrimRight(text, space)
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			if depth--; depth == 0 {
				return deepest, i == len(text)-1
			}
		}
	}
	return deepest, false
}

// SetField returns the JSON object in line with a field added at its end. Fields of the
// same name are removed, and all others stay byte for byte. It fails if line is not an
// object.
func SetField(line []byte, name string, value any) ([]byte, error) {
	encoded, err := Marshal(map[string]any{name: value})
	if err != nil {
		return nil, err
	}
	rest, err := RemoveField(line, name)
	if err != nil {
		return nil, err
	}
	rest = bytes.TrimRight(bytes.TrimSuffix(rest, []byte("}")), space)
	if !bytes.HasSuffix(rest, []byte("{")) {
		rest = append(rest, ',')
	}
	return append(rest, encoded[1:]...), nil
}

// RemoveField returns the JSON object in line without the fields of this name. It fails
// if line is not an object.
func RemoveField(line []byte, name string) ([]byte, error) {
	out, end := []byte{'{'}, 1+bytes.IndexByte(line, '{')
	for m, err := range Members(line) {
		if err != nil {
			return nil, err
		}
		field := line[end:m.end]
		end = m.end
		if m.Is(name) {
			continue
		}
		if rest, ok := bytes.CutPrefix(bytes.TrimLeft(field, space), []byte(",")); ok && len(out) == 1 {
			field = rest // the fields before it were removed
		}
		out = append(out, field...)
	}
	return append(out, '}'), nil
}

// Marshal returns a value as JSON on one line. It does not escape <, > and &.
func Marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
