package a0tojsonl

import (
	"a0permit/internal/convert"
	"a0permit/internal/jsonl"
	"a0permit/internal/record"
)

// A user's line is written in two parts, byte for byte as encoding/json would
// write a record.User, at a fraction of the time. Users are nearly all of a
// stream; the other lines go through encoding/json.

// appendUser appends the line of u, all but its assignments and its end.
func appendUser(dst []byte, u *convert.User) []byte {
	dst = append(dst, `{"type":"`+record.TypeUser+`","key":`...)
	dst = jsonl.AppendString(dst, u.Key)
	dst = appendField(dst, `,"email":`, u.Email)
	dst = appendField(dst, `,"first_name":`, u.FirstName)
	dst = appendField(dst, `,"last_name":`, u.LastName)
	if len(u.Attributes) == 0 {
		return dst
	}
	dst = append(dst, `,"attributes":{`...)
	for i := range u.Attributes {
		a := &u.Attributes[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsonl.AppendString(dst, a.Name), ':')
		if a.Literal {
			dst = append(dst, a.Text...)
		} else {
			dst = jsonl.AppendString(dst, a.Text)
		}
	}
	return append(dst, '}')
}

func appendField(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return jsonl.AppendString(append(dst, name...), value)
}

// appendAssignments appends what appendUser leaves out.
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
