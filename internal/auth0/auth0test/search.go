package auth0test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// userParams allow a page size of 0, which asks for the total only.
var userParams = []param{
	{name: "page", kind: integer},
	{name: "per_page", kind: integer, max: maxPage},
	{name: "include_totals", kind: boolean},
	{name: "sort", pattern: regexp.MustCompile(`^[a-zA-Z0-9_.]+:(1|-1)$`)},
	{name: "connection"},
	{name: "fields"},
	{name: "include_fields", kind: boolean},
	{name: "q"},
	{name: "search_engine", pattern: regexp.MustCompile(`^v3$`)},
	{name: "primary_order", kind: boolean},
}

// searchUsers returns up to 1000 users that match a query; total counts all of them.
// docs: list and search users. It has no checkpoints, and ignores connection, which
// only the retired first search engine used.
func (s *Server) searchUsers(c *request) (any, error) {
	matches, err := parseSearch(cmp.Or(c.query["q"], "*"))
	if err != nil {
		return nil, err
	}
	var found []*User
	for i := range s.tenant.Users {
		if u := &s.tenant.Users[i]; matches(u) {
			found = append(found, u)
		}
	}
	if field, direction, ok := strings.Cut(c.query["sort"], ":"); ok {
		slices.SortStableFunc(found, func(a, b *User) int {
			order := strings.Compare(sortKey(a, field), sortKey(b, field))
			if direction == "-1" {
				return -order
			}
			return order
		})
	}
	return s.list(c, listing{
		name: "users", n: len(found), search: true,
		row: func(i int) any { return fieldFilter(c.query, found[i].profile()) },
	})
}

func sortKey(u *User, field string) string {
	switch v := u.attribute(field).(type) {
	case string:
		return v
	case iso:
		return string(v)
	}
	return ""
}

// term reports whether a user meets a condition of a query.
type term func(*User) bool

var (
	searchRange = regexp.MustCompile(`^([a-z_]+):([\[{])(\S+) TO (\S+)([\]}])$`)
	searchValue = regexp.MustCompile(`^([A-Za-z0-9_.]+):(?:"([^"]*)"|([^\s"()]+))$`)
	dayOnly     = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

// parseSearch parses a query: terms joined by AND, then by OR. docs: user search query
// syntax. A term is *, _exists_:field, a value, quoted or with * as a wildcard, or a
// range of created_at. Any other syntax, such as parentheses, is an error. Unverified:
// the case of values matters.
func parseSearch(q string) (term, error) {
	var either []term
	for side := range strings.SplitSeq(q, " OR ") {
		var all []term
		for part := range strings.SplitSeq(side, " AND ") {
			t, err := parseTerm(strings.TrimSpace(part))
			if err != nil {
				return nil, err
			}
			all = append(all, t)
		}
		either = append(either, func(u *User) bool {
			return !slices.ContainsFunc(all, func(t term) bool { return !t(u) })
		})
	}
	return func(u *User) bool { return slices.ContainsFunc(either, func(t term) bool { return t(u) }) }, nil
}

func parseTerm(part string) (term, error) {
	if part == "*" {
		return func(*User) bool { return true }, nil
	}
	if m := searchRange.FindStringSubmatch(part); m != nil && m[1] == "created_at" {
		return createdRange(m[2] == "{", m[3], m[4], m[5] == "}")
	}
	m := searchValue.FindStringSubmatch(part)
	switch {
	case m == nil || strings.HasPrefix(m[3], "[") || strings.HasPrefix(m[3], "{"):
		return nil, errQuery("'%s is no query this tenant can run' on property q.", part)
	case m[1] == "_exists_":
		return func(u *User) bool { return len(searchTexts(u, m[3])) > 0 }, nil
	case m[3] == "":
		return func(u *User) bool { return slices.Contains(searchTexts(u, m[1]), m[2]) }, nil
	}
	pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(m[3]), `\*`, ".*") + "$")
	return func(u *User) bool { return slices.ContainsFunc(searchTexts(u, m[1]), pattern.MatchString) }, nil
}

// searchTexts returns the values of a user's field. A field such as
// identities.connection may have several.
func searchTexts(u *User, field string) []string {
	name, rest, _ := strings.Cut(field, ".")
	values := []any{u.attribute(name)}
	for step := range strings.SplitSeq(rest, ".") {
		var next []any
		for _, v := range values {
			if list, ok := v.([]any); ok {
				next = append(next, list...)
			} else {
				next = append(next, v)
			}
		}
		values = next
		for i := range values {
			if object, ok := values[i].(map[string]any); ok && step != "" {
				values[i] = object[step]
			}
		}
	}
	var texts []string
	for _, v := range values {
		if v != nil {
			texts = append(texts, fmt.Sprint(v))
		}
	}
	return texts
}

// createdRange returns the term of a range. openLow and openHigh exclude a bound, as { }
// do, and * means no bound. A date without a time means the whole day.
func createdRange(openLow bool, low, high string, openHigh bool) (term, error) {
	lowFirst, lowLast, err := searchDate(low)
	if err != nil {
		return nil, err
	}
	highFirst, highLast, err := searchDate(high)
	if err != nil {
		return nil, err
	}
	return func(u *User) bool {
		if u.CreatedAt.IsZero() {
			return false
		}
		at := u.CreatedAt.Truncate(time.Millisecond) // as precise as the index
		switch {
		case low != "*" && openLow && !at.After(lowLast):
			return false
		case low != "*" && !openLow && at.Before(lowFirst):
			return false
		case high != "*" && openHigh && !at.Before(highFirst):
			return false
		case high != "*" && !openHigh && at.After(highLast):
			return false
		}
		return true
	}, nil
}

func searchDate(s string) (first, last time.Time, err error) {
	if s == "*" {
		return first, last, nil
	}
	if dayOnly.MatchString(s) {
		day, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return first, last, errQuery("'%s is no date' on property q.", s)
		}
		return day, day.Add(24*time.Hour - time.Millisecond), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return first, last, errQuery("'%s is no date' on property q.", s)
	}
	return at, at, nil
}
