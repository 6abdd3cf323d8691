package convert

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A HeaderError reports a header that does not say what the rows are, or that lacks a
// column that an option names.
type HeaderError struct {
	Problem string
	Hints   []string // what to type or to change
	// Separator is the character that separates the cells instead of commas, or 0.
	Separator byte
}

func (e *HeaderError) Error() string { return e.Problem }

func newHeaderError(problem string, hints ...string) *HeaderError {
	return &HeaderError{Problem: problem, Hints: hints}
}

// kindOfHeader returns the kind of table that has these columns. The error is a
// *HeaderError.
func kindOfHeader(columns []string) (Kind, error) {
	var seen [len(kinds)]bool
	hasAlias := false
	for _, column := range columns {
		seen[kindByID(column)] = true
		hasAlias = hasAlias || column == dashboardID
	}
	if seen[Users] {
		return Users, nil // a users table may also have a role_id or an organization_id
	}
	var ids []string
	var found Kind
	for kind := Roles; int(kind) < len(kinds); kind++ {
		if seen[kind] {
			ids, found = append(ids, kinds[kind].id), kind
		}
	}
	switch {
	case len(ids) > 1:
		problem := fmt.Sprintf("the header has %s, but no user_id", strings.Join(ids, " and "))
		return 0, newHeaderError(problem, "keep only the one that the rows are about")
	case len(ids) == 1:
		return found, nil
	case hasAlias:
		return Users, nil
	}
	if separator := SeparatorOf(columns, isID); separator != 0 {
		return 0, &HeaderError{Problem: noUserID, Separator: separator}
	}
	if looksLikeData(columns) {
		const problem = "no user_id column: the first row looks like data, not like a header"
		const hint = "add a header line, such as user_id,email,given_name,family_name,provider,roles"
		return 0, newHeaderError(problem, hint)
	}
	if i := strings.IndexAny(columns[0], ";\t"); i >= 0 && len(columns) == 1 {
		return 0, &HeaderError{Problem: noUserID, Separator: columns[0][i]}
	}
	hints := []string{"rename the column of Auth0's user ids to user_id (" + dashboardID + " is known too)"}
	if slices.ContainsFunc(columns, isColumnName) {
		hints = append([]string{columnsHint(columns)}, hints...)
	}
	return 0, newHeaderError(noUserID, hints...)
}

const noUserID = "no user_id column"

// SeparatorOf returns the character that separates the cells of a header which was
// wrongly split at commas: the first one that yields a known column. It returns 0 if
// there is none.
func SeparatorOf(columns []string, isKnown func(column string) bool) byte {
	line := strings.Join(columns, ",")
	for _, separator := range []byte(";\t|") {
		if cells := strings.Split(line, string(separator)); len(cells) > 1 && slices.ContainsFunc(cells, isKnown) {
			return separator
		}
	}
	return 0
}

// isID reports whether a cell is the name of an id column.
func isID(cell string) bool {
	cell = strings.TrimSpace(cell)
	return kindByID(cell) != 0 || cell == dashboardID
}

// isColumnName reports whether a cell is the name of a users column. A row without any
// such name may be personal data, and is not shown.
func isColumnName(cell string) bool {
	isCell := func(name string) bool { return strings.EqualFold(name, cell) }
	users := &kinds[Users]
	return slices.ContainsFunc(users.columns, isCell) ||
		slices.ContainsFunc(slices.Collect(maps.Keys(users.aliases)), isCell)
}

// columnsHint returns a hint that lists the first columns of a header.
func columnsHint(columns []string) string {
	const most, longest = 12, 40
	var list []string
	for _, column := range columns[:min(len(columns), most)] {
		if len(column) > longest {
			column = strings.ToValidUTF8(column[:longest], "") + "..."
		}
		list = append(list, fmt.Sprintf("%q", column))
	}
	if len(columns) > most {
		list = append(list, fmt.Sprintf("and %d more", len(columns)-most))
	}
	return "the header has: " + strings.Join(list, ", ")
}

// looksLikeID reports whether a cell looks like an id, not like the name of a column.
// The id of an API is 24 hexadecimal digits.
func looksLikeID(cell string) bool {
	return strings.ContainsAny(cell, "@|") || strings.HasPrefix(cell, "rol_") || strings.HasPrefix(cell, "org_") ||
		len(cell) == 24 && strings.Trim(cell, "0123456789abcdef") == ""
}

// looksLikeData reports whether a row has an email or a user id, and so is not a
// header.
func looksLikeData(cells []string) bool {
	return slices.ContainsFunc(cells, func(cell string) bool { return strings.ContainsAny(cell, "@|") })
}

// IsHeader reports whether a row is a header instead of data of this table. A header
// has the name of an id column, or repeats this table's own header, as after cat. A row
// with an id or an email is data, even if the user's name is "user_id".
func (t *Table) IsHeader(cells []string) bool {
	if cells[0] == t.Header[0] && slices.Equal(cells, t.Header) {
		return true
	}
	var seen [len(kinds)]bool
	count := 0
	for i, cell := range cells {
		if i == 0 {
			cell = strings.TrimPrefix(cell, "\ufeff")
		}
		if k := kindByID(cell); k != 0 && !seen[k] {
			seen[k] = true
			count++
		}
	}
	switch count {
	case 0:
		return false
	case 1:
		hasEmail := slices.ContainsFunc(cells, func(cell string) bool { return strings.Contains(cell, "@") })
		return !hasEmail && (t.id >= len(cells) || !looksLikeID(cells[t.id]))
	default:
		// A row of this table has an id there, which is never the name of a column.
		return t.id < len(cells) && kindByID(cells[t.id]) != 0
	}
}

// Marks returns the texts to look for: every header has at least one of them as a cell.
func (t *Table) Marks() []string {
	return []string{columnUserID, columnRoleID, columnOrganizationID, columnResourceServerID, t.Header[t.id]}
}
