package a0tojsonl

import (
	"a0permit/internal/convert"
	"a0permit/internal/jsonl"
	"a0permit/internal/record"
)

// A user's line is written in two parts, byte for byte as encoding/json would
// write a record.User, at a fraction of the time. Users are nearly all of a
// stream; the other lines go through encoding/json.

// userEncoder writes the users of one table.
type userEncoder struct {
	attributes []convert.Kept
	names      [][]byte // of the attributes, as they stand in JSON
	invalid    bool     // something in the line was no UTF-8
}

func newUserEncoder(t *convert.Table) *userEncoder {
	e := &userEncoder{attributes: t.Attributes}
	for _, a := range t.Attributes {
		name, _ := jsonl.AppendString(nil, a.Name) // no flag and no header can be anything but text
		e.names = append(e.names, append(name, ':'))
	}
	return e
}

// append appends the line of u, all but its assignments and its end. It is
// false, and the line no good, where a text is not UTF-8.
func (e *userEncoder) append(dst []byte, u *convert.User) ([]byte, bool) {
	e.invalid = false
	dst = append(dst, `{"type":"`+record.TypeUser+`","key":"`...)
	dst = append(append(dst, u.Key...), '"') // a key has nothing to escape
	dst = e.field(dst, `,"email":`, u.Email)
	dst = e.field(dst, `,"first_name":`, u.FirstName)
	dst = e.field(dst, `,"last_name":`, u.LastName)
	between := `,"attributes":{`
	for i, text := range u.Attributes {
		if text == "" {
			continue
		}
		dst = append(append(dst, between...), e.names[i]...)
		if e.attributes[i].Type == convert.String {
			dst = e.string(dst, text)
		} else {
			dst = append(dst, text...)
		}
		between = ","
	}
	if between == "," {
		dst = append(dst, '}')
	}
	return dst, !e.invalid
}

func (e *userEncoder) field(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return e.string(append(dst, name...), value)
}

func (e *userEncoder) string(dst []byte, s string) []byte {
	dst, valid := jsonl.AppendString(dst, s)
	e.invalid = e.invalid || !valid
	return dst
}

// appendAssignments appends what userEncoder leaves out. Keys have nothing to
// escape.
func appendAssignments(dst []byte, lines *convert.Lines) []byte {
	if !lines.Known {
		return append(dst, '}')
	}
	dst = append(dst, `,"role_assignments":[`...)
	for i, a := range lines.Assignments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `{"role":"`...), a.Role...)
		if a.Tenant != "" {
			dst = append(append(dst, `","tenant":"`...), a.Tenant...)
		}
		dst = append(dst, `"}`...)
	}
	return append(dst, ']', '}')
}
