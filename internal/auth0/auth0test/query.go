package auth0test

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// param is a query parameter of a route.
type param struct {
	name     string
	kind     paramKind
	required bool
	many     bool           // may be repeated; query joins the values by commas
	min      int            // of an integer
	max      int            // of an integer; 0 means no maximum
	pattern  *regexp.Regexp // of a text
}

type paramKind int

const (
	text paramKind = iota
	integer
	boolean
)

// query is a query after parsing and checking.
type query map[string]string

func (q query) has(name string) bool { _, ok := q[name]; return ok }

// flag returns a boolean parameter, false if it is absent.
func (q query) flag(name string) bool { return q[name] == "true" }

func (q query) number(name string, absent int) int {
	if !q.has(name) {
		return absent
	}
	n, _ := strconv.Atoi(q[name]) // check has seen that it is a number
	return n
}

// parseQuery refuses unknown parameters, as the service does.
func parseQuery(raw string, params []param) (query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errQuery("'%s'.", err)
	}
	q := query{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		i := slices.IndexFunc(params, func(p param) bool { return p.name == name })
		if i < 0 {
			return nil, errQuery("'Additional properties not allowed: %s'.", name)
		}
		if len(values[name]) > 1 && !params[i].many {
			return nil, errQuery("'Expected a single value but found type array' on property %s.", name)
		}
		for _, v := range values[name] {
			if err := params[i].check(v); err != nil {
				return nil, err
			}
		}
		q[name] = strings.Join(values[name], ",")
	}
	for _, p := range params {
		if p.required && !q.has(p.name) {
			return nil, errQuery("'Missing required property: %s'.", p.name)
		}
	}
	return q, nil
}

func (p param) check(v string) error {
	switch p.kind {
	case integer:
		n, err := strconv.Atoi(v)
		switch {
		case err != nil || strconv.Itoa(n) != v:
			return errQuery("'Expected type integer but found type string' on property %s.", p.name)
		case n < p.min:
			return errQuery("'Value %d is less than minimum %d' on property %s.", n, p.min, p.name)
		case p.max > 0 && n > p.max:
			return errQuery("'Value %d is greater than maximum %d' on property %s.", n, p.max, p.name)
		}
	case boolean:
		if v != "true" && v != "false" {
			return errQuery("'Expected type boolean but found type string' on property %s.", p.name)
		}
	case text:
		switch {
		case v == "":
			return errQuery("'String is too short (0 chars), minimum 1' on property %s.", p.name)
		case p.pattern != nil && !p.pattern.MatchString(v):
			return errQuery("'String does not match pattern %s' on property %s.", p.pattern, p.name)
		}
	}
	return nil
}

// fieldParams are the parameters that fieldFilter reads.
var fieldParams = []param{{name: "fields"}, {name: "include_fields", kind: boolean}}

// fieldFilter returns the fields of a row that fields and include_fields select.
// Without fields it returns the whole row.
func fieldFilter(q query, row map[string]any) map[string]any {
	if !q.has("fields") {
		return row
	}
	named := strings.Split(q["fields"], ",")
	include := q["include_fields"] != "false"
	out := map[string]any{}
	for name, v := range row {
		if slices.Contains(named, name) == include {
			out[name] = v
		}
	}
	return out
}
