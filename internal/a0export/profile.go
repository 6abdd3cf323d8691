package a0export

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"a0permit/internal/auth0"
)

// profileFields returns the profile fields to request from the search, separated by
// commas: the first part of each column's path, and the two that walk needs.
func profileFields(fields []auth0.Field) string {
	roots := []string{"user_id", "created_at"}
	for _, f := range fields {
		root, _, _ := strings.Cut(f.Name, ".")
		root, _, _ = strings.Cut(root, "[")
		if !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	return strings.Join(roots, ",")
}

// headerRow returns the header that an export job would write.
func headerRow(fields []auth0.Field) []byte {
	titles := make([]string, len(fields))
	for i, f := range fields {
		titles[i] = title(f)
	}
	return plainRow(titles)
}

// userRow returns the row that an export job would write for a user.
func userRow(fields []auth0.Field, user auth0.User) []byte {
	cells := make([]string, len(fields))
	for i, f := range fields {
		cells[i] = profileCell(f.Name, valueAt(user.Profile, f.Name))
	}
	return []byte(strings.Join(cells, ",") + "\n")
}

// dates are the fields that Auth0 itself sets. An export job does not escape them
// (Auth0 docs, bulk user exports).
var dates = []string{"created_at", "updated_at", "last_login", "last_password_reset", "multifactor_last_modified"}

// profileCell returns the cell that an export job would write for a value. A string is
// quoted, with a ' before it. An array or object gives an empty cell.
func profileCell(field string, value any) string {
	switch v := value.(type) {
	case string:
		if _, err := time.Parse(time.RFC3339, v); err == nil && slices.Contains(dates, field) {
			return v
		}
		return `"'` + strings.ReplaceAll(v, `"`, `""`) + `"`
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// valueAt returns the value at a path such as identities[0].connection, or nil if the
// profile has no such value.
func valueAt(profile map[string]any, path string) any {
	var value any = profile
	for part := range strings.SplitSeq(path, ".") {
		name, indexes, _ := strings.Cut(part, "[")
		object, _ := value.(map[string]any)
		value = object[name]
		for indexes != "" {
			var index string
			index, indexes, _ = strings.Cut(indexes, "]")
			indexes = strings.TrimPrefix(indexes, "[")
			n, err := strconv.Atoi(index)
			array, _ := value.([]any)
			if err != nil || n < 0 || n >= len(array) {
				return nil
			}
			value = array[n]
		}
	}
	return value
}
