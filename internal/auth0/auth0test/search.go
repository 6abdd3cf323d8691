package auth0test

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// userParams allows a page size of 0, for the total alone.
var userParams = []param{
	{name: "page", kind: integer},
	{name: "per_page", kind: integer, max: maxPage},
	{name: "include_totals", kind: boolean},
	{name: "sort", pattern: regexp.MustCompile(`^[a-z_]+:(1|-1)$`)},
	{name: "connection"},
	{name: "fields"},
	{name: "include_fields", kind: boolean},
	{name: "q"},
	{name: "search_engine", pattern: regexp.MustCompile(`^v3$`)},
	{name: "primary_order", kind: boolean},
}

// searchUsers returns up to 1000 users of a query, though total counts all of
// them. docs: list and search users. It has no checkpoints, and it ignores
// connection, which only the retired first search engine used.
func (s *Server) searchUsers(c *request) (any, error) {
	terms, err := parseSearch(c.query["q"])
	if err != nil {
		return nil, err
	}
	var found []*User
	for i := range s.tenant.Users {
		u := &s.tenant.Users[i]
		if !slices.ContainsFunc(terms, func(t term) bool { return !t(u) }) {
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

// term is one condition of a query. All of them must be true.
type term func(*User) bool

var (
	searchTerm = regexp.MustCompile(`^([a-z_.]+):(?:"([^"]*)"|([\[{])(\S+) TO (\S+)([\]}]))$`)
	dayOnly    = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

// parseSearch accepts ranges of created_at and exact values of user_id, email
// and identities.connection, joined by AND. docs: user search query syntax. It
// refuses the rest of the syntax rather than misread it.
func parseSearch(q string) ([]term, error) {
	if q == "" {
		return nil, nil
	}
	var terms []term
	for part := range strings.SplitSeq(q, " AND ") {
		m := searchTerm.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return nil, errQuery("'%s is no query this tenant can run' on property q.", part)
		}
		field, value := m[1], m[2]
		switch {
		case field == "created_at" && m[3] != "":
			t, err := createdRange(m[3] == "{", m[4], m[5], m[6] == "}")
			if err != nil {
				return nil, err
			}
			terms = append(terms, t)
		case field == "identities.connection" && m[3] == "":
			terms = append(terms, func(u *User) bool { return u.hasConnection(value) })
		case (field == "user_id" || field == "email") && m[3] == "":
			terms = append(terms, func(u *User) bool { return u.text(field) == value })
		default:
			return nil, errQuery("'%s is no query this tenant can run' on property q.", part)
		}
	}
	return terms, nil
}

// createdRange returns the term of a range: [ ] are inclusive, { } exclusive,
// and * is open. A date without a time is the whole day.
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
