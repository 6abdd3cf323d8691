package csvrows

import (
	"fmt"
	"slices"

	"github.com/gocarina/gocsv"
)

// Target is a pointer to a row type. gocsv hands each cell to its
// UnmarshalCSVWithFields, which is several times faster than struct tags. It
// should keep what it cannot make sense of and return nil: gocsv would lose the
// whole batch over one error.
type Target[T any] interface {
	*T
	UnmarshalCSVWithFields(column, cell string) error
}

// A Mapper maps the batches of one table onto values of T. It keeps its memory
// between batches and is not safe for concurrent use.
type Mapper[T any] struct {
	records [][]string // for gocsv: the header, then the rows
	blank   []string
	values  []T
}

// NewMapper returns a mapper for a table with these columns, named as T's
// UnmarshalCSVWithFields wants to hear them. The names must be distinct where T
// cares: of two with one name the last would win.
func NewMapper[T any, P Target[T]](columns []string) *Mapper[T] {
	return &Mapper[T]{records: [][]string{columns}, blank: make([]string, len(columns))}
}

// Map returns one value for each row of b, good until the next call. A row with
// more or fewer cells than the table has columns gets the value of a blank row;
// the caller tells it by its length.
func (m *Mapper[T]) Map(b *Batch) ([]T, error) {
	m.records = m.records[:1]
	for i := range b.Rows {
		cells := b.Rows[i].Cells
		if len(cells) != len(m.blank) {
			cells = m.blank // a longer row would make gocsv panic, a shorter one pass unnoticed
		}
		m.records = append(m.records, cells)
	}
	// Exactly as long as the batch: gocsv leaves what stands beyond it.
	m.values = slices.Grow(m.values[:0], len(b.Rows))[:len(b.Rows)]
	if len(b.Rows) == 0 {
		return m.values, nil
	}
	if err := gocsv.UnmarshalDecoder(decoder(m.records), &m.values); err != nil {
		return nil, fmt.Errorf("map rows %d to %d: %w", b.Rows[0].Number, b.Rows[len(b.Rows)-1].Number, err)
	}
	return m.values, nil
}

// decoder is what gocsv reads from. One of our own keeps clear of gocsv's
// process-wide settings for readers.
type decoder [][]string

func (d decoder) GetCSVRows() ([][]string, error) { return d, nil }
