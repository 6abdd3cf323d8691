package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"a0permit/internal/jsonl"
)

// ErrForeign is returned by TypeOf for a line that is not in this format. It makes the
// whole stream suspect.
var ErrForeign = errors.New("not a record from a0tojsonl")

// maxDepth is the deepest nesting that encoding/json accepts.
const maxDepth = 10_000

// TypeOf returns the type of a line, or ErrForeign. It also finds the type of a line
// that is nested too deep for encoding/json.
func TypeOf(text []byte) (string, error) {
	if !json.Valid(text) && !isTooDeep(text) {
		if isCSVHeader(text) {
			return "", fmt.Errorf("%w: %w", ErrForeign, ErrCSV)
		}
		return "", fmt.Errorf("%w: it is not JSON", ErrForeign)
	}
	return TypeOfBeginning(text)
}

// TypeOfBeginning returns the type of a line from its first bytes, or ErrForeign.
func TypeOfBeginning(text []byte) (string, error) {
	for m, err := range jsonl.Members(text) {
		if err != nil || !m.Is("type") {
			continue
		}
		switch kind := jsonl.Unquote(m.Value); {
		case kind == TypeResource, kind == TypeRole, kind == TypeTenant, kind == TypeUser, kind == TypeEnd:
			return kind, nil
		case m.Value[0] == '"':
			return "", fmt.Errorf("%w: its type is %q", ErrForeign, kind)
		}
		break
	}
	return "", fmt.Errorf("%w: it has no type", ErrForeign)
}

func isTooDeep(text []byte) bool {
	depth, isWhole := jsonl.Depth(text)
	return depth > maxDepth && isWhole
}

// Parse decodes a line and checks it. It refuses what encoding/json would accept but
// change: bytes that are not UTF-8, broken escapes, duplicate names, names in another
// case. It does not call Validate.
func Parse[R User | Role | Tenant | Resource | End](text []byte, into *R) error {
	text, err := withoutError(text)
	if err != nil {
		return err
	}
	if err := decode(text, into); err != nil { // first, since it bounds the depth for the others
		return err
	}
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8") // the decoder has replaced the bytes by \ufffd
	}
	if err := checkEscapes(text); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := checkNames(decoder, "", 0); err != nil {
		return err
	}
	return noteNulls(text, into)
}

// Decode decodes a line that Parse has accepted before, without the checks.
func Decode[R User | Role | Tenant | Resource | End](text []byte, into *R) error {
	text, err := withoutError(text)
	if err == nil {
		err = decode(text, into)
	}
	if err == nil {
		err = noteNulls(text, into)
	}
	return err
}

// withoutError returns a line without the field error. A line that an earlier load
// rejected has it, and a load ignores it.
func withoutError(text []byte) ([]byte, error) {
	if !bytes.Contains(text, []byte(`"error"`)) {
		return text, nil
	}
	return jsonl.RemoveField(text, "error")
}

// decode decodes a line into a record. Unknown fields are an error.
func decode[R User | Role | Tenant | Resource | End](text []byte, into *R) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var typeError *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typeError):
		return fmt.Errorf("%s: wrong type: %s", typeError.Field, typeError.Value)
	case err != nil && isTooDeep(text):
		return errors.New("it is nested more than 10,000 deep")
	case err != nil:
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// checkNames reads the next value of d. It returns an error for an object that has a
// name twice, since encoding/json would take the last, and for a field of ours that is
// not in lower case, since encoding/json ignores case. field is the field of the line
// that holds the value, and depth the number of objects around the value.
func checkNames(d *json.Decoder, field string, depth int) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		for d.More() {
			if err := checkNames(d, field, depth); err != nil {
				return err
			}
		}
		_, err = d.Token()
	case json.Delim('{'):
		seen := map[string]bool{}
		for d.More() {
			if err := checkMember(d, field, depth, seen); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

func checkMember(d *json.Decoder, field string, depth int, seen map[string]bool) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	name, _ := token.(string)
	isOurs := depth == 0 || depth == 1 && field == "role_assignments" || depth == 2 && field == "actions"
	switch {
	case isOurs && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "":
		return fmt.Errorf("unknown field %+q", name) // %+q shows letters that only look like ASCII
	case !seen[name]:
	case depth == 0:
		return fmt.Errorf("field %q appears twice", name)
	case depth == 1:
		return fmt.Errorf("%s: field %q appears twice", field, name)
	default: // the name may be personal data
		return fmt.Errorf("%s: a field appears twice", field)
	}
	seen[name] = true
	if depth == 0 {
		field = name
	}
	return checkNames(d, field, depth+1)
}

// checkEscapes returns an error for half a surrogate pair and for NUL, which ends the
// text for some readers and which PostgreSQL does not accept (its docs, JSON types).
// Whether Permit does is unverified.
func checkEscapes(text []byte) error {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 >= len(text) {
			return nil
		}
		text = text[i:]
		switch first, second := surrogates(text); {
		case bytes.HasPrefix(text, []byte(`\u0000`)):
			return errors.New("it contains a NUL character (\\u0000)")
		case first == 'h' && second == 'l':
			text = text[12:]
		case first != 0:
			return errors.New("it contains half of a surrogate pair, which is not a character")
		default:
			text = text[2:]
		}
	}
}

// surrogates returns which halves of a surrogate pair the first two escapes of text
// are: h for the high half, l for the low half, 0 for neither.
func surrogates(text []byte) (first, second byte) {
	if first = surrogate(text); first != 0 {
		second = surrogate(text[6:])
	}
	return first, second
}

func surrogate(text []byte) byte {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' || text[2]|0x20 != 'd' {
		return 0
	}
	switch text[3] | 0x20 {
	case '8', '9', 'a', 'b':
		return 'h'
	case 'c', 'd', 'e', 'f':
		return 'l'
	}
	return 0
}

// Keys returns the values of all fields named key, in any case. A line that Parse
// refuses may have several, or none.
func Keys(text []byte) []string {
	var keys []string
	for m, err := range jsonl.Members(text) {
		if err == nil && strings.EqualFold(jsonl.Unquote(m.Name), "key") {
			keys = append(keys, jsonl.Unquote(m.Value))
		}
	}
	return keys
}
