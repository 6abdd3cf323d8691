package convert

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Escaping is what has been put before the cells of a table, so that a spreadsheet
// takes none of them for a formula.
type Escaping int

// The kinds of escaping.
const (
	// Undecided is the escaping of a table whose rows have to tell.
	Undecided Escaping = iota
	// Plain is a table without any.
	Plain
	// Escaped is Auth0's: a ' before each text, and none before numbers, booleans and
	// dates (https://auth0.com/docs/manage-users/user-migration/bulk-user-exports).
	Escaped
	// Guarded is ours of rejected rows: see Guard.
	Guarded
)

// Escaping returns the escaping of the table as far as its header and the options
// tell.
func (t *Table) Escaping() Escaping { return t.escaping }

// Unescape takes from the cells of a row, in place, what escaping has put there.
// Unless the options say what that is, a row that is plainly of the other kind than
// its table is a fault.
func (t *Table) Unescape(cells []string, e Escaping) *Fault {
	if e == Guarded {
		for i, cell := range cells {
			cells[i] = unguard(cell)
		}
		e = Plain
	}
	if !t.escapingGiven && t.contradicts(cells, e) {
		return &Fault{
			Reason: "Auth0's ' before the texts differs from the rest of the table",
			Cure:   "repeat the header before the rows that differ, or treat all alike with --escaped yes or --escaped no",
		}
	}
	if e != Escaped {
		return nil
	}
	for i, cell := range cells {
		if isMarked(cell) && (i >= len(t.raw) || !t.raw[i]) {
			cells[i] = cell[1:] // one, since a name may begin with another
		}
	}
	return nil
}

// contradicts reports whether a row would be read wrong by the escaping of the
// table. It is called for each row, and so looks first for what most rows show.
func (t *Table) contradicts(cells []string, e Escaping) bool {
	if len(cells) != len(t.Columns) || e == Escaped && isMarked(cells[t.id]) || !slices.ContainsFunc(cells, isMarked) {
		return false
	}
	s := Sample{table: t}
	s.Add(cells, 0)
	if e == Escaped {
		return s.with > 0 && s.kind() != Escaped
	}
	return s.kind() == Escaped && (s.with > 1 || t.email >= 0 && isMarked(cells[t.email]))
}

func isMarked(cell string) bool { return cell != "" && cell[0] == '\'' }

// A Sample is what the first rows of a table tell of its escaping, all together: no
// cell tells by itself. An id may be a number, which Auth0 does not escape, and a
// name may begin with a ' of its own.
type Sample struct {
	table         *Table
	with, without int // texts with and without a ' before them
	// The first of each.
	firstWith, firstWithout cellPlace
}

type cellPlace struct {
	line   int
	column string
}

func (p cellPlace) String() string { return fmt.Sprintf("line %d, column %q", p.line, p.column) }

// NewSample returns a sample without rows.
func (t *Table) NewSample() *Sample { return &Sample{table: t} }

// Add adds a row. A ragged one tells nothing.
func (s *Sample) Add(cells []string, line int) {
	t := s.table
	if len(cells) != len(t.Columns) {
		return
	}
	for i, cell := range cells {
		switch {
		case cell == "", t.raw[i]:
		case isMarked(cell):
			if s.with++; s.with == 1 {
				s.firstWith = cellPlace{line, t.Header[i]}
			}
		case isText(cell):
			if s.without++; s.without == 1 {
				s.firstWithout = cellPlace{line, t.Header[i]}
			}
		}
	}
}

// isText reports whether Auth0 would write a cell as text. It does not know of cells
// that begin like JSON.
func isText(cell string) bool {
	switch c := cell[0]; {
	case c == '[', c == '{', strings.EqualFold(cell, "true"), strings.EqualFold(cell, "false"), cell == "null":
		return false
	case c == '-', '0' <= c && c <= '9':
		_, notTime := time.Parse(time.RFC3339, cell)
		_, notDate := time.Parse(time.DateOnly, cell)
		return notTime != nil && notDate != nil && !json.Valid([]byte(cell))
	default:
		return true
	}
}

// kind returns what twice as many texts say as say otherwise, and Undecided when the
// difference is smaller.
func (s *Sample) kind() Escaping {
	switch {
	case s.with+s.without == 0:
		return Undecided
	case s.with >= 2*s.without:
		return Escaped
	case s.without >= 2*s.with:
		return Plain
	default:
		return Undecided
	}
}

// Escaping returns what the rows tell: Undecided when there is no text in them, and
// a *MixedError when they do not agree.
func (s *Sample) Escaping() (Escaping, error) {
	kind := s.kind()
	if kind == Undecided && s.with > 0 {
		return Undecided, &MixedError{*s}
	}
	return kind, nil
}

// A MixedError is a table of which Auth0 seems to have escaped a part.
type MixedError struct{ sample Sample }

func (e *MixedError) Error() string {
	const format = "of the first texts, %d begin with Auth0's ' and %d do not: with it, %s; without it, %s"
	s := &e.sample
	return fmt.Sprintf(format, s.with, s.without, s.firstWith, s.firstWithout)
}

// formulaStarts are the characters that make a spreadsheet take a cell for a
// formula (https://owasp.org/www-community/attacks/CSV_Injection).
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// Guard returns a cell of a rejected row with a ' before it if a spreadsheet could
// take it for a formula. A ' before a formula or another ' gets one too: so unguard
// returns each cell as it was, and most cells need none.
func Guard(cell string) string {
	if isFormula(cell) || isGuarded(cell) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if isGuarded(cell) {
		return cell[1:]
	}
	return cell
}

// isFormula reports whether a cell begins like a formula.
func isFormula(cell string) bool {
	first, _ := utf8.DecodeRuneInString(cell)
	return first != utf8.RuneError && strings.ContainsRune(formulaStarts, first)
}

// isGuarded reports whether a cell begins as Guard lets those begin that it changes.
func isGuarded(cell string) bool {
	return isMarked(cell) && (isMarked(cell[1:]) || isFormula(cell[1:]))
}
