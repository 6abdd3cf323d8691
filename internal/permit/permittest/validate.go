package permittest

import (
	"encoding/json"
	"fmt"
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
)

// field is a property of one of the spec's request schemas. None of them is
// nullable there. Whether the service refuses null is unverified (Permit's
// Python SDK 3 sends it to clear a value); refusing is what the spec says.
type field struct {
	name     string
	kind     kind
	required bool
	pattern  *regexp.Regexp
	row      shape
}

// shape is an object with additionalProperties false, as all of them are.
type shape []field

// fields is an object that has passed its shape.
type fields map[string]any

func (f fields) has(name string) bool { _, ok := f[name]; return ok }

func (f fields) text(name string) string { v, _ := f[name].(string); return v }

// attributes is their compact JSON; nil when they are absent or empty.
func (f fields) attributes() json.RawMessage {
	v, _ := f["attributes"].(map[string]any)
	return compact(v)
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
	if len(v) == 0 {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // what came out of JSON or out of a test's literal goes into it
	}
	return raw
}

// checker collects problems in the order in which pydantic 1 lists them:
// fields as declared, then unknown ones by name. That loc is
// ["body","operations",3,"email"] is unverified; it is what FastAPI does.
type checker struct {
	strictEmails bool
	problems     []problem
}

func (c *checker) add(loc []any, msg, typ string) {
	c.problems = append(c.problems, problem{Loc: slices.Clone(loc), Msg: msg, Type: typ})
}

func (c *checker) object(v any, sh shape, loc []any) {
	m, ok := v.(map[string]any)
	if !ok {
		c.notA(v, loc, "dict")
		return
	}
	known := 0
	for i := range sh {
		f := &sh[i]
		value, ok := m[f.name]
		switch {
		case ok:
			known++
			c.value(value, f, append(loc, f.name))
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

func (c *checker) value(v any, f *field, loc []any) {
	switch f.kind {
	case text, email:
		s, ok := v.(string)
		switch {
		case !ok:
			c.notA(v, loc, "str")
		case f.pattern != nil && !f.pattern.MatchString(s):
			c.problems = append(c.problems, problem{
				Loc: slices.Clone(loc), Msg: fmt.Sprintf("string does not match regex \"%s\"", f.pattern),
				Type: "value_error.str.regex", Ctx: map[string]any{"pattern": f.pattern.String()},
			})
		case f.kind == email && !validEmail(s, c.strictEmails):
			c.add(loc, "value is not a valid email address", "value_error.email")
		}
	case mapping:
		if _, ok := v.(map[string]any); !ok {
			c.notA(v, loc, "dict")
		}
	case boolean:
		if _, ok := v.(bool); !ok {
			c.notA(v, loc, "bool")
		}
	case texts, records:
		list, ok := v.([]any)
		if !ok {
			c.notA(v, loc, "list")
			return
		}
		for i, item := range list {
			at := append(loc, i)
			if f.kind == records {
				c.object(item, f.row, at)
			} else if _, ok := item.(string); !ok {
				c.notA(item, at, "str")
			}
		}
	}
}

var typeMessages = map[string]string{
	"dict": "value is not a valid dict",
	"list": "value is not a valid list",
	"str":  "str type expected",
	"bool": "value could not be parsed to a boolean",
}

func (c *checker) notA(v any, loc []any, want string) {
	if v == nil {
		c.add(loc, "none is not an allowed value", "type_error.none.not_allowed")
		return
	}
	c.add(loc, typeMessages[want], "type_error."+want)
}
