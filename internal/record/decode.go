package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrForeign is the fault of a line that is none of this format. It makes the
// whole stream suspect.
var ErrForeign = errors.New("not one of our lines")

// TypeOf returns the type of a line.
func TypeOf(text []byte) (string, error) {
	var head struct {
		Type *string `json:"type"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		if typeError := (*json.UnmarshalTypeError)(nil); errors.As(err, &typeError) {
			return "", fmt.Errorf("%w: it has no type", ErrForeign)
		}
		return "", fmt.Errorf("%w: it is not JSON", ErrForeign)
	}
	if head.Type == nil {
		return "", fmt.Errorf("%w: it has no type", ErrForeign)
	}
	switch *head.Type {
	case TypeRole, TypeTenant, TypeUser, TypeEnd:
		return *head.Type, nil
	}
	return "", fmt.Errorf("%w: its type is %q", ErrForeign, *head.Type)
}

// checkFields refuses what the decoder would take and change, or choose from: a
// field that is there twice or in capitals, and half of a surrogate pair.
func checkFields(text []byte) error {
	if hasLoneSurrogate(text) {
		return errors.New("it has half of a surrogate pair, which is no character")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	var seen []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		field, _ := name.(string)
		switch {
		case slices.Contains(seen, field):
			return fmt.Errorf("field %q is there twice", field)
		case field != strings.ToLower(field):
			return fmt.Errorf("unknown field %q", field)
		}
		seen = append(seen, field)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
	}
	return nil
}

// hasLoneSurrogate reports whether a text escapes half of a surrogate pair.
func hasLoneSurrogate(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 >= len(text) {
			return false
		}
		text = text[i:]
		if text[1] != 'u' {
			text = text[2:]
			continue
		}
		switch first, second := surrogates(text); {
		case first == 'h' && second == 'l':
			text = text[12:]
		case first != 0:
			return true
		default:
			text = text[2:]
		}
	}
}

// surrogates returns which halves of a surrogate pair the text begins with, as
// escapes: h for the high one, l for the low one, 0 for neither.
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

// Parse reads a line that is met for the first time into a record. It refuses
// what Decode would take and change, or choose from.
func Parse[R User | Role | Tenant | End](text []byte, into *R) error {
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8") // the decoder would put \ufffd in
	}
	if err := checkFields(text); err != nil {
		return err
	}
	return Decode(text, into)
}

// Decode reads a line into a record. A field that Permit would not know is a
// fault, except error, which a line that came back from an earlier load has.
func Decode[R User | Role | Tenant | End](text []byte, into *R) error {
	if bytes.Contains(text, []byte(`"error"`)) {
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal(text, &fields); err != nil {
			return err
		}
		delete(fields, "error")
		var err error
		if text, err = json.Marshal(fields); err != nil {
			return err
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var typeError *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typeError):
		return fmt.Errorf("%s: it is of the wrong type: %s", typeError.Field, typeError.Value)
	case err != nil:
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// Key returns the key of a line, as far as it has one.
func Key(line []byte) string {
	var head struct {
		Key string `json:"key"`
	}
	_ = json.Unmarshal(line, &head) // a line without a key has been refused for that
	return head.Key
}
