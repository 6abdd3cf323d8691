package csvrows_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"a0permit/internal/csvrows"
)

// abRow is a row of a table with the columns a and b.
type abRow struct{ A, B string }

func (r *abRow) UnmarshalCSVWithFields(column, cell string) error {
	switch column {
	case "a":
		r.A = cell
	case "b":
		r.B = cell
	}
	return nil
}

var abRows sync.Pool

func (*abRow) Pool() *sync.Pool { return &abRows }

// failingRow accepts no cell.
type failingRow struct{ A string }

func (*failingRow) UnmarshalCSVWithFields(string, string) error { return errors.New("no") }

var failingRows sync.Pool

func (*failingRow) Pool() *sync.Pool { return &failingRows }

func TestMapErrorHasOurRows(t *testing.T) {
	t.Parallel()
	c := csvrows.NewCutter(strings.NewReader("a\n1\n2\n"), 100)
	header, err := c.Header()
	if err != nil {
		t.Fatal(err)
	}
	for batch, err := range c.Batches(1) {
		if err != nil {
			t.Fatal(err)
		}
		_, err = csvrows.NewMapper[failingRow](header.Cells).Map(batch)
		if err == nil || !strings.HasPrefix(err.Error(), "map rows 2 to 3: ") {
			t.Errorf("Map = %v, want an error with rows 2 to 3", err)
		}
	}
}
