package permitload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"a0permit/internal/record"
)

// place is where a line stands: in which source, from which byte, how long.
type place struct {
	offset int64
	size   uint32
	source uint16
}

// lines finds a line again by its place.
type lines struct {
	sources []io.ReaderAt
}

func (l *lines) text(p place) ([]byte, error) {
	text := make([]byte, p.size)
	if _, err := l.sources[p.source].ReadAt(text, p.offset); err != nil {
		return nil, fmt.Errorf("read the input again: %w", err)
	}
	return text, nil
}

// user reads a user's line again.
func (l *lines) user(p place) (*record.User, error) {
	text, err := l.text(p)
	if err != nil {
		return nil, err
	}
	u := &record.User{}
	if err := decode(text, u); err != nil {
		return nil, fmt.Errorf("read the input again: it has changed: %w", err)
	}
	return u, nil
}

// errForeign is a line that is not ours at all.
var errForeign = errors.New("not one of our lines")

// kind is a line's type. A line without a known one makes the whole stream
// suspect.
func kind(text []byte) (string, error) {
	var head struct {
		Type *string `json:"type"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		if typeError := (*json.UnmarshalTypeError)(nil); errors.As(err, &typeError) {
			return "", fmt.Errorf("%w: it has no type", errForeign)
		}
		return "", fmt.Errorf("%w: it is not JSON", errForeign)
	}
	if head.Type == nil {
		return "", fmt.Errorf("%w: it has no type", errForeign)
	}
	switch *head.Type {
	case record.TypeRole, record.TypeTenant, record.TypeUser, record.TypeEnd:
		return *head.Type, nil
	}
	return "", fmt.Errorf("%w: its type is %q", errForeign, *head.Type)
}

// plainFields refuses what the decoder would take and change or choose from: a
// field that is there twice or in capitals, and half of a surrogate pair.
func plainFields(text []byte) error {
	if loneSurrogate(text) {
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

// loneSurrogate reports whether a text escapes half of a surrogate pair.
func loneSurrogate(text []byte) bool {
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
		switch first, second := surrogate(text); {
		case first == 'h' && second == 'l':
			text = text[12:]
		case first != 0:
			return true
		default:
			text = text[2:]
		}
	}
}

// surrogate says of which kind the escapes are that a text begins with: h and l
// are the halves of a pair.
func surrogate(text []byte) (first, second byte) {
	kind := func(text []byte) byte {
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
	if first = kind(text); first != 0 {
		second = kind(text[6:])
	}
	return first, second
}

// parse reads a line into a record that is met for the first time.
func parse[R record.User | record.Role | record.Tenant | record.End](text []byte, into *R) error {
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8") // the decoder would put \ufffd in
	}
	if err := plainFields(text); err != nil {
		return err
	}
	return decode(text, into)
}

// decodeExactly keeps the numbers digit for digit.
func decodeExactly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// decode reads a line into a record. A field that Permit would not know is a
// fault, except error, which a line that came back from an earlier load has.
func decode[R record.User | record.Role | record.Tenant | record.End](text []byte, into *R) error {
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
