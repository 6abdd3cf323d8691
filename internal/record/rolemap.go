package record

import (
	"strings"
	"unicode"
)

// RoleMapCell returns how a role is named in a line of a0tojsonl's --role-map: by its
// name, or where nobody could type that by its id.
func RoleMapCell(name, id string) string {
	switch {
	case !strings.ContainsFunc(name, IsInvisible):
		return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	case id != "":
		return id
	default:
		return "ROL_ID (a0export roles lists the ids)"
	}
}

// IsInvisible reports whether a character leaves no mark. A plain blank can be told
// from the letters around it, so it is none. These are more than package tool hides
// from a terminal: other blanks and ends of lines do no harm there, but nobody means
// to type them into an email or a role map.
func IsInvisible(r rune) bool {
	return r != ' ' && !unicode.IsPrint(r) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
