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
}

func newUserEncoder(t *convert.Table) *userEncoder {
	e := &userEncoder{attributes: t.Attributes}
	for _, a := range t.Attributes {
		e.names = append(e.names, append(jsonl.AppendString(nil, a.Name), ':'))
	}
	return e
}

// append appends the line of u, all but its assignments and its end.
func (e *userEncoder) append(dst []byte, u *convert.User) []byte {
	dst = append(dst, `{"type":"`+record.TypeUser+`","key":`...)
	dst = jsonl.AppendString(dst, u.Key)
	dst = appendField(dst, `,"email":`, u.Email)
	dst = appendField(dst, `,"first_name":`, u.FirstName)
	dst = appendField(dst, `,"last_name":`, u.LastName)
	between := `,"attributes":{`
	for i, text := range u.Attributes {
		if text == "" {
			continue
		}
		dst = append(append(dst, between...), e.names[i]...)
		if e.attributes[i].Type == convert.String {
			dst = jsonl.AppendString(dst, text)
		} else {
			dst = append(dst, text...)
		}
		between = ","
	}
	if between == "," {
		dst = append(dst, '}')
	}
	return dst
}

func appendField(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return jsonl.AppendString(append(dst, name...), value)
}

// appendAssignments appends what userEncoder leaves out.
func appendAssignments(dst []byte, lines *convert.Lines) []byte {
	if !lines.Known {
		return append(dst, '}')
	}
	dst = append(dst, `,"role_assignments":[`...)
	for i, a := range lines.Assignments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonl.AppendString(append(dst, `{"role":`...), a.Role)
		dst = appendField(dst, `,"tenant":`, a.Tenant)
		dst = append(dst, '}')
	}
	return append(dst, ']', '}')
}
