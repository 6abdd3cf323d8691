package a0tojsonl

import (
	"encoding/json"
	"maps"
	"slices"

	"a0permit/internal/jsonl"
	"a0permit/internal/record"
)

// appendUser appends u as JSON, byte for byte as encoding/json would write it,
// at a fraction of the time. Users are nearly all of a stream; the other lines
// go through encoding/json.
func appendUser(dst []byte, u *record.User) ([]byte, error) {
	dst = append(dst, `{"type":`...)
	dst = jsonl.AppendString(dst, u.Type)
	dst = append(dst, `,"key":`...)
	dst = jsonl.AppendString(dst, u.Key)
	dst = appendField(dst, `,"email":`, u.Email)
	dst = appendField(dst, `,"first_name":`, u.FirstName)
	dst = appendField(dst, `,"last_name":`, u.LastName)
	if len(u.Attributes) > 0 {
		var err error
		dst = append(dst, `,"attributes":`...)
		if dst, err = appendObject(dst, u.Attributes); err != nil {
			return nil, err
		}
	}
	if u.RoleAssignments != nil {
		dst = append(dst, `,"role_assignments":[`...)
		for i, a := range u.RoleAssignments {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"role":`...)
			dst = jsonl.AppendString(dst, a.Role)
			dst = appendField(dst, `,"tenant":`, a.Tenant)
			dst = appendField(dst, `,"resource_instance":`, a.ResourceInstance)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, '}'), nil
}

func appendField(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return jsonl.AppendString(append(dst, name...), value)
}

func appendObject(dst []byte, object map[string]any) ([]byte, error) {
	dst = append(dst, '{')
	if len(object) == 1 { // the usual case, and nothing to sort
		for name, value := range object {
			var err error
			if dst, err = appendMember(dst, name, value); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	}
	for i, name := range slices.Sorted(maps.Keys(object)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendMember(dst, name, object[name]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendMember(dst []byte, name string, value any) ([]byte, error) {
	dst = append(jsonl.AppendString(dst, name), ':')
	switch v := value.(type) {
	case string:
		return jsonl.AppendString(dst, v), nil
	case bool:
		if v {
			return append(dst, "true"...), nil
		}
		return append(dst, "false"...), nil
	default:
		return appendAny(dst, v)
	}
}

func appendAny(dst []byte, v any) ([]byte, error) {
	var text buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return append(dst, text[:len(text)-1]...), nil // without the encoder's line end
}

type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}
