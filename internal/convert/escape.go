package convert

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Escaping says what was put before the cells of a table, so that a spreadsheet does
// not take them for formulas.
type Escaping int

// The kinds of escaping.
const (
	// Undecided means that the rows decide.
	Undecided Escaping = iota
	// Plain means no escaping.
	Plain
	// Escaped means Auth0's escaping: a ' before each text, but not before numbers,
	// booleans and dates
	// (https://auth0.com/docs/manage-users/user-migration/bulk-user-exports).
	Escaped
	// Guarded means our escaping of rejected rows: see Guard.
	Guarded
)

// Escaping returns the table's escaping if its header or the options give it, and
// otherwise Undecided.
func (t *Table) Escaping() Escaping { return t.escaping }

// Unescape removes the escaping from the cells of a row, in place. Unless the options
// give the escaping, a row that clearly has another one than its table is a fault.
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
			cells[i] = cell[1:] // only one: a name may begin with a ' of its own
		}
	}
	return nil
}

// contradicts reports whether the escaping of the table would misread a row. It is
// called for each row, so it first tests what is true of most rows.
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

// A Sample counts the escaped and the plain texts in the first rows of a table. No
// single cell is proof: an id may be a number, which Auth0 does not escape, and a name
// may begin with a ' of its own.
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

// Add counts the texts of a row. It ignores a row with the wrong number of cells.
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

// isText reports whether Auth0 would write a cell as text. It returns false for cells
// that begin like JSON, since it cannot tell.
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

// kind returns Escaped or Plain if at least twice as many texts are of that kind as of
// the other, and otherwise Undecided.
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

// Escaping returns the escaping that the rows show, and Undecided if they contain no
// text. If they disagree, the error is a *MixedError.
func (s *Sample) Escaping() (Escaping, error) {
	kind := s.kind()
	if kind == Undecided && s.with > 0 {
		return Undecided, &MixedError{*s}
	}
	return kind, nil
}

// A MixedError reports a table that Auth0 seems to have escaped only in part.
type MixedError struct{ sample Sample }

func (e *MixedError) Error() string {
	const format = "of the first texts, %d begin with Auth0's ' and %d do not: with it, %s; without it, %s"
	s := &e.sample
	return fmt.Sprintf(format, s.with, s.without, s.firstWith, s.firstWithout)
}

// formulaStarts are the characters that make a spreadsheet take a cell for a
// formula (https://owasp.org/www-community/attacks/CSV_Injection).
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// Guard returns a cell of a rejected row, with a ' before it if a spreadsheet could
// take it for a formula. A cell that begins with a ' and then a formula or another '
// gets one too, so that unguard restores every cell. Most cells need none.
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

// isGuarded reports whether a cell begins like one that Guard has changed.
func isGuarded(cell string) bool {
	return isMarked(cell) && (isMarked(cell[1:]) || isFormula(cell[1:]))
}
