package permittest

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// params reads query parameters as FastAPI does: the last of several counts,
// unknown ones are ignored, and all problems are told at once.
type params struct {
	values   url.Values
	problems []problem
}

func (p *params) err() error {
	if p.problems == nil {
		return nil
	}
	return invalid(p.problems...)
}

func (p *params) add(name, msg, typ string, ctx map[string]any) {
	p.problems = append(p.problems, problem{Loc: []any{"query", name}, Msg: msg, Type: typ, Ctx: ctx})
}

func (p *params) last(name string) (string, bool) {
	v := p.values[name]
	if len(v) == 0 {
		return "", false
	}
	return v[len(v)-1], true
}

func (p *params) number(name string, def, most int) int {
	raw, ok := p.last(name)
	if !ok {
		return def
	}
	n, err := strconv.Atoi(raw)
	switch {
	case err != nil:
		p.add(name, "value is not a valid integer", "type_error.integer", nil)
	case n < 1:
		p.add(name, "ensure this value is greater than or equal to 1", "value_error.number.not_ge", map[string]any{"limit_value": 1})
	case most > 0 && n > most:
		p.add(name, fmt.Sprintf("ensure this value is less than or equal to %d", most), "value_error.number.not_le", map[string]any{"limit_value": most})
	default:
		return n
	}
	return def
}

// flag takes pydantic's words for booleans.
func (p *params) flag(name string) bool {
	raw, ok := p.last(name)
	if !ok {
		return false
	}
	switch strings.ToLower(raw) {
	case "1", "true", "t", "on", "yes", "y":
		return true
	case "0", "false", "f", "off", "no", "n":
		return false
	}
	p.add(name, "value could not be parsed to a boolean", "type_error.bool", nil)
	return false
}

// choice is one of the words; the first is the default.
func (p *params) choice(name string, words ...string) string {
	raw, ok := p.last(name)
	if !ok || slices.Contains(words, raw) {
		if ok {
			return raw
		}
		return words[0]
	}
	p.add(name, fmt.Sprintf("value is not a valid enumeration member; permitted: '%s'", strings.Join(words, "', '")), "type_error.enum", nil)
	return words[0]
}

// list takes at most 100 values (spec, September 2026).
func (p *params) list(name string) []string {
	v := p.values[name]
	if len(v) > 100 {
		p.add(name, "ensure this value has at most 100 items", "value_error.list.max_items", map[string]any{"limit_value": 100})
	}
	return v
}

type page struct{ number, size int }

func (p *params) page(most int) page {
	return page{p.number("page", 1, 0), p.number("per_page", 30, most)}
}

// cut is the span of the page in a list of n; a page behind the end is empty.
func (g page) cut(n int) (from, to int) {
	if g.number-1 > n/g.size {
		return n, n
	}
	from = min(n, (g.number-1)*g.size)
	return from, min(n, from+g.size)
}

// paginated is the spec's PaginatedResult. That page_count counts pages is
// unverified.
type paginated struct {
	Data  any `json:"data"`
	Total int `json:"total_count"`
	Pages int `json:"page_count"`
}

// paged answers one page of the items that keep lets through (all of them
// when it is nil), each made readable by read.
func paged[T, R any](items []T, keep func(T) bool, g page, envelope bool, read func(T) R) (answer, error) {
	if keep != nil {
		return searched(items, keep, g, envelope, read)
	}
	from, to := g.cut(len(items))
	data := make([]R, 0, to-from)
	for _, item := range items[from:to] {
		data = append(data, read(item))
	}
	return g.answer(data, len(items), envelope)
}

// searched goes through the items up to the page, and to their end only when
// the total is told.
func searched[T, R any](items []T, keep func(T) bool, g page, envelope bool, read func(T) R) (answer, error) {
	data := []R{}
	from, to := g.cut(len(items))
	n := 0
	for _, item := range items {
		if n == to && !envelope {
			break
		}
		if !keep(item) {
			continue
		}
		if n >= from && n < to {
			data = append(data, read(item))
		}
		n++
	}
	return g.answer(data, n, envelope)
}

func (g page) answer(data any, total int, envelope bool) (answer, error) {
	if !envelope {
		return ok(data)
	}
	return ok(paginated{data, total, (total + g.size - 1) / g.size})
}
