package csvrows

import (
	"fmt"
	"slices"
	"sync"

	"github.com/gocarina/gocsv"
)

// Target is a pointer to a row type. gocsv calls its UnmarshalCSVWithFields for each
// cell, which is several times faster than struct tags. The method should accept every
// cell and return nil, since gocsv drops the whole batch after one error.
type Target[T any] interface {
	*T
	UnmarshalCSVWithFields(column, cell string) error
	// Pool returns the pool of unused values.
	Pool() *sync.Pool
}

// slot is the type that gocsv fills. gocsv makes two values per row and copies one to
// the other, which is cheap for a pointer.
type slot[T any, P Target[T]] struct {
	Value *T
}

func (s *slot[T, P]) UnmarshalCSVWithFields(column, cell string) error {
	if s.Value == nil {
		s.Value, _ = P(nil).Pool().Get().(*T)
		if s.Value == nil {
			s.Value = new(T)
		}
	}
	return P(s.Value).UnmarshalCSVWithFields(column, cell)
}

// A Mapper maps the batches of one table to values of T. It reuses its memory from
// batch to batch and is not safe for concurrent use.
type Mapper[T any, P Target[T]] struct {
	records [][]string // for gocsv: the header, then the rows
	blank   []string
	slots   []slot[T, P]
	values  []*T
}

// NewMapper returns a mapper for a table with these columns, named as T's
// UnmarshalCSVWithFields expects. That method gets the cells of two columns of the same
// name in order.
func NewMapper[T any, P Target[T]](columns []string) *Mapper[T, P] {
	return &Mapper[T, P]{records: [][]string{columns}, blank: make([]string, len(columns))}
}

// Map returns one value per row of b, valid until the next call. A row with more or
// fewer cells than the table has columns gets the value of a blank row, so the caller
// must check the length of the row.
func (m *Mapper[T, P]) Map(b *Batch) ([]*T, error) {
	m.records = m.records[:1]
	for i := range b.Rows {
		cells := b.Rows[i].Cells
		if len(cells) != len(m.blank) {
			cells = m.blank // gocsv panics if a row is too long, and accepts one that is too short
		}
		m.records = append(m.records, cells)
	}
	for _, v := range m.values {
		*v = *new(T)
		P(v).Pool().Put(v)
	}
	m.values = m.values[:0]
	if len(b.Rows) == 0 {
		return m.values, nil
	}
	// As long as the batch, since gocsv does not shorten the slice.
	m.slots = slices.Grow(m.slots[:0], len(b.Rows))[:len(b.Rows)]
	if err := gocsv.UnmarshalDecoder(decoder(m.records), &m.slots); err != nil {
		return nil, fmt.Errorf("map rows %d to %d: %w", b.Rows[0].Number, b.Rows[len(b.Rows)-1].Number, err)
	}
	for i := range m.slots {
		m.values = append(m.values, m.slots[i].Value)
	}
	return m.values, nil
}

// decoder passes parsed rows to gocsv, whose own readers depend on package variables.
type decoder [][]string

func (d decoder) GetCSVRows() ([][]string, error) { return d, nil }
