package permittest

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// kind is the type of a field.
type kind int

const (
	text    kind = iota
	email        // text of format email
	mapping      // any JSON object
	boolean
	texts   // list of text
	records // list of field.row
	blocks  // object whose fields are each a field.row; pattern is that of their names
)

// field is a property of a request schema of the spec. The spec marks none as nullable,
// since pydantic 1 does not, but Permit's own clients send null: users.assign_role of
// the Python SDK always has "resource_instance": null, and its version 3 clears a value
// with null. So the fake accepts null where it may mean "none", except under
// Options.RefuseNull.
type field struct {
	name     string
	kind     kind
	required bool
	nullable bool
	pattern  *regexp.Regexp
	row      shape
}

// shape lists the properties of an object. It may have no others, as in the whole spec.
type shape []field

// fields is an object that has been checked against its shape.
type fields map[string]any

// has reports whether a field is present, even as null, which clears it.
func (f fields) has(name string) bool { _, ok := f[name]; return ok }

// given reports whether a field has a value.
func (f fields) given(name string) bool { return f[name] != nil }

func (f fields) text(name string) string { v, _ := f[name].(string); return v }

// attributes returns the compact JSON of the attributes, or nil if they are absent or
// null.
func (f fields) attributes() json.RawMessage { return f.object("attributes") }

// object returns the compact JSON of an object, or nil if it is absent or null.
func (f fields) object(name string) json.RawMessage {
	v, _ := f[name].(map[string]any)
	return compact(v)
}

// blocks returns the objects in an object, by name.
func (f fields) blocks(name string) map[string]fields {
	object, _ := f[name].(map[string]any)
	out := map[string]fields{}
	for key, v := range object {
		out[key], _ = v.(map[string]any)
	}
	return out
}

func (f fields) texts(name string) []string {
	list, _ := f[name].([]any)
	out := make([]string, 0, len(list))
	for _, v := range list {
		out = append(out, v.(string))
	}
	return out
}

func (f fields) records(name string) []fields {
	list, _ := f[name].([]any)
	return rows(list)
}

func rows(list []any) []fields {
	out := make([]fields, 0, len(list))
	for _, v := range list {
		out = append(out, v.(map[string]any))
	}
	return out
}

func compact(v map[string]any) json.RawMessage {
	if v == nil {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // it came out of JSON or of a literal in a test
	}
	return raw
}

// checker collects problems in the order of pydantic 1: fields in the order of the
// schema, then unknown ones by name. loc is ["body","operations",3,"email"], as in
// FastAPI (unverified).
type checker struct {
	strictEmails bool
	refuseNull   bool
	problems     []problem
}

func (c *checker) add(loc []any, msg, typ string) {
	c.problems = append(c.problems, problem{Loc: slices.Clone(loc), Msg: msg, Type: typ})
}

func (c *checker) checkObject(v any, sh shape, loc []any) {
	m, ok := v.(map[string]any)
	if !ok {
		c.addTypeProblem(v, loc, "dict")
		return
	}
	known := 0
	for i := range sh {
		f := &sh[i]
		value, ok := m[f.name]
		switch {
		case ok:
			known++
			c.checkValue(value, f, append(loc, f.name))
		case f.required:
			c.add(append(loc, f.name), "field required", "value_error.missing")
		}
	}
	if known == len(m) {
		return
	}
	var extra []string
	for name := range m {
		if !slices.ContainsFunc(sh, func(f field) bool { return f.name == name }) {
			extra = append(extra, name)
		}
	}
	slices.Sort(extra)
	for _, name := range extra {
		c.add(append(loc, name), "extra fields not permitted", "value_error.extra")
	}
}

func (c *checker) checkValue(v any, f *field, loc []any) {
	if v == nil && f.nullable && !c.refuseNull {
		return
	}
	switch f.kind {
	case text, email:
		s, ok := v.(string)
		switch {
		case !ok:
			c.addTypeProblem(v, loc, "str")
		case f.pattern != nil && !f.pattern.MatchString(s):
			c.addRegexProblem(loc, f.pattern)
		case f.kind == email && !isEmail(s, c.strictEmails):
			c.add(loc, "value is not a valid email address", "value_error.email")
		}
	case mapping:
		if _, ok := v.(map[string]any); !ok {
			c.addTypeProblem(v, loc, "dict")
		}
	case blocks:
		object, ok := v.(map[string]any)
		if !ok {
			c.addTypeProblem(v, loc, "dict")
			return
		}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if !f.pattern.MatchString(key) {
				c.addRegexProblem(append(loc, "__key__"), f.pattern)
			}
			c.checkObject(object[key], f.row, append(loc, key))
		}
	case boolean:
		if _, ok := v.(bool); !ok {
			c.addTypeProblem(v, loc, "bool")
		}
	case texts, records:
		list, ok := v.([]any)
		if !ok {
			c.addTypeProblem(v, loc, "list")
			return
		}
		for i, item := range list {
			at := append(loc, i)
			if f.kind == records {
				c.checkObject(item, f.row, at)
			} else if _, ok := item.(string); !ok {
				c.addTypeProblem(item, at, "str")
			}
		}
	}
}

func (c *checker) addRegexProblem(loc []any, pattern *regexp.Regexp) {
	c.problems = append(c.problems, problem{
		Loc: slices.Clone(loc), Msg: fmt.Sprintf("string does not match regex \"%s\"", pattern),
		Type: "value_error.str.regex", Ctx: map[string]any{"pattern": pattern.String()},
	})
}

var typeMessages = map[string]string{
	"dict": "value is not a valid dict",
	"list": "value is not a valid list",
	"str":  "str type expected",
	"bool": "value could not be parsed to a boolean",
}

func (c *checker) addTypeProblem(v any, loc []any, want string) {
	if v == nil {
		c.add(loc, "none is not an allowed value", "type_error.none.not_allowed")
		return
	}
	c.add(loc, typeMessages[want], "type_error."+want)
}
