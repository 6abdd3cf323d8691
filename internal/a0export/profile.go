package a0export

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"a0permit/internal/auth0"
	"a0permit/internal/csvrows"
)

// searched is the list of profile fields to ask a search for: the roots of the
// paths that columns are made of, and what the walk needs.
func searched(fields []auth0.Field) string {
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

// writeHeader and writeUser write rows as an export job does.
func writeHeader(w *bytes.Buffer, fields []auth0.Field) {
	for i, f := range fields {
		comma(w, i)
		w.Write(csvrows.Quote(title(f)))
	}
	w.WriteByte('\n')
}

func writeUser(w *bytes.Buffer, fields []auth0.Field, user auth0.User) {
	for i, f := range fields {
		comma(w, i)
		_, _ = io.WriteString(w, profileCell(f.Name, at(user.Profile, f.Name)))
	}
	w.WriteByte('\n')
}

func comma(w *bytes.Buffer, i int) {
	if i > 0 {
		w.WriteByte(',')
	}
}

// dates are the fields whose values Auth0 itself writes, and so leaves
// unescaped (Auth0 docs, bulk user exports).
var dates = []string{"created_at", "updated_at", "last_login", "last_password_reset", "multifactor_last_modified"}

// profileCell is a value as it stands in an export: strings with a ' before
// them and in quotes, arrays and objects blank.
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

// at follows a path such as identities[0].connection into a profile; it is nil
// where the path leads nowhere.
func at(profile map[string]any, path string) any {
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
