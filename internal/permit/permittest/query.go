package permittest

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// params reads query parameters as FastAPI does: the last value of a parameter
// counts, unknown parameters are ignored, and all problems are reported at once.
type params struct {
	values   url.Values
	pageMax  int // Options.PageMax
	problems []problem
}

func (p *params) err() error {
	if p.problems == nil {
		return nil
	}
	return errInvalid(p.problems...)
}

func (p *params) add(name, msg, typ string) {
	p.problems = append(p.problems, problem{Loc: []any{"query", name}, Msg: msg, Type: typ})
}

// addLimit adds a problem about a limit, for which msg has a %d.
func (p *params) addLimit(name, msg, typ string, limit int) {
	p.add(name, fmt.Sprintf(msg, limit), typ)
	p.problems[len(p.problems)-1].Ctx = map[string]any{"limit_value": limit}
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
		p.add(name, "value is not a valid integer", "type_error.integer")
	case n < 1:
		p.addLimit(name, "ensure this value is greater than or equal to %d", "value_error.number.not_ge", 1)
	case most > 0 && n > most:
		p.addLimit(name, "ensure this value is less than or equal to %d", "value_error.number.not_le", most)
	default:
		return n
	}
	return def
}

// flag returns a boolean, in one of pydantic's spellings.
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
	p.add(name, "value could not be parsed to a boolean", "type_error.bool")
	return false
}

// choice returns one of the words. The first is the default.
func (p *params) choice(name string, words ...string) string {
	raw, ok := p.last(name)
	switch {
	case !ok:
	case slices.Contains(words, raw):
		return raw
	default:
		permitted := strings.Join(words, "', '")
		p.add(name, "value is not a valid enumeration member; permitted: '"+permitted+"'", "type_error.enum")
	}
	return words[0]
}

// list returns all values of a parameter, at most 100 (spec, September 2026).
func (p *params) list(name string) []string {
	v := p.values[name]
	if len(v) > 100 {
		p.addLimit(name, "ensure this value has at most %d items", "value_error.list.max_items", 100)
	}
	return v
}

type page struct{ number, size int }

func (p *params) page(most int) page {
	g := page{p.number("page", 1, 0), p.number("per_page", 30, most)}
	if p.pageMax > 0 {
		g.size = min(g.size, p.pageMax)
	}
	return g
}

// span returns where the page begins and ends in a list of n items. A page past the end
// is empty.
func (g page) span(n int) (from, to int) {
	if g.number-1 > n/g.size {
		return n, n
	}
	from = min(n, (g.number-1)*g.size)
	return from, min(n, from+g.size)
}

// paginated is the PaginatedResult of the spec. page_count counts pages (unverified).
type paginated struct {
	Data  any `json:"data"`
	Total int `json:"total_count"`
	Pages int `json:"page_count"`
}

// answerPage answers with one page of the items that keep accepts, or of all items if
// keep is nil. read returns the form of an item in the answer.
func answerPage[T, R any](items []T, keep func(T) bool, g page, envelope bool, read func(T) R) (answer, error) {
	if keep != nil {
		return answerMatches(items, keep, g, envelope, read)
	}
	from, to := g.span(len(items))
	data := make([]R, 0, to-from)
	for _, item := range items[from:to] {
		data = append(data, read(item))
	}
	return g.answer(data, len(items), envelope)
}

// answerMatches answers with one page of the items that keep accepts. It stops at the
// end of the page unless the call asks for the total.
func answerMatches[T, R any](items []T, keep func(T) bool, g page, envelope bool, read func(T) R) (answer, error) {
	data := []R{}
	from, to := g.span(len(items))
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
		return answerOK(data)
	}
	return answerOK(paginated{data, total, (total + g.size - 1) / g.size})
}
