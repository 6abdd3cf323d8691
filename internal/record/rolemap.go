package record

import (
	"strings"
	"unicode"
)

// RoleMapCell returns the cell that names a role in a0tojsonl's --role-map: its name as
// quoted CSV, or its id if the name has invisible characters, which nobody can type.
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

// IsInvisible reports whether a character cannot be seen. A plain space can be, between
// letters. Package tool hides fewer characters from a terminal: other spaces and line
// ends do no harm there, but nobody means to type them into an email or a role map.
func IsInvisible(r rune) bool {
	return r != ' ' && !unicode.IsPrint(r) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
