package jsonl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// SetField returns the JSON object in line with a field added at its end. Another
// field of that name is removed, and everything else stays as it is.
func SetField(line []byte, name string, value any) ([]byte, error) {
	encoded, err := Marshal(value)
	if err != nil {
		return nil, err
	}
	rest, err := removeField(line, name)
	if err != nil {
		return nil, err
	}
	body := bytes.TrimRight(bytes.TrimSuffix(bytes.TrimRight(rest, " \t"), []byte("}")), " \t")
	out := bytes.Clone(body)
	if !bytes.HasSuffix(body, []byte("{")) {
		out = append(out, ',')
	}
	key, err := Marshal(name)
	if err != nil {
		return nil, err
	}
	out = append(append(append(out, key...), ':'), encoded...)
	return append(out, '}'), nil
}

// removeField returns the object without any field of that name.
func removeField(line []byte, name string) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	var out []byte
	done := int64(0) // up to here, line is copied or removed
	for decoder.More() {
		before := decoder.InputOffset()
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("field %q: %w", key, err)
		}
		if key != name {
			continue
		}
		out = append(out, line[done:before]...)
		done = decoder.InputOffset()
	}
	out = append(out, line[done:]...)
	// The comma after a first field is still there.
	if rest, ok := bytes.CutPrefix(bytes.TrimLeft(out, " \t{"), []byte(",")); ok {
		out = append([]byte("{"), rest...)
	}
	return out, nil
}

// Marshal returns a value as JSON on one line, with <, > and & as they are.
func Marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
