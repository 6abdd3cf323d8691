package a0tojsonl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/tool"
)

// A mapFile is the CSV file of a flag such as --role-map.
type mapFile struct {
	flag    string
	columns []string // required columns, in any order
	example string   // an example of a line
}

// read reads the file at path and calls add with the cells of each line, in the order of
// columns. If path is "" it does nothing. Its errors are usage errors: exit code 2.
func (m *mapFile) read(ctx context.Context, t *tool.Tool, path string, add func(line int, cells []string) error) error {
	if path == "" {
		return nil
	}
	in, err := t.Open(ctx, path)
	if err != nil {
		return m.newError(err)
	}
	defer in.Close() //nolint:errcheck // only read
	if err := m.parse(&boundedReader{in: in, left: maxMapFile}, add); err != nil {
		return m.newError(fmt.Errorf("%s: %w", in.Name, err))
	}
	return nil
}

// maxMapFile is the largest size of a map file in bytes, since it is kept in memory. An
// Auth0 tenant has at most a thousand roles.
const maxMapFile = 16 << 20

// boundedReader fails after left bytes.
type boundedReader struct {
	in   io.Reader
	left int
}

func (r *boundedReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if r.left -= n; r.left < 0 {
		return 0, fmt.Errorf("longer than %d MiB", maxMapFile>>20)
	}
	return n, err
}

func (m *mapFile) newError(err error) error {
	hint := "write a CSV file with the header " + strings.Join(m.columns, ",") + " and lines such as " + m.example
	return &tool.Error{Err: fmt.Errorf("%s: %w", m.flag, err), Code: tool.BadUsage, Hints: []string{hint}}
}

func (m *mapFile) parse(in io.Reader, add func(line int, cells []string) error) error {
	file := csvrows.NewCutter(in, 64<<10)
	header, err := file.Header()
	if errors.Is(err, io.EOF) {
		return errors.New("no header line")
	}
	if err != nil {
		return err
	}
	indexes, err := m.findColumns(&header)
	if err != nil {
		return err
	}
	cells := make([]string, len(indexes))
	for batch, err := range file.Batches(header.Number) {
		if err != nil {
			return err
		}
		for i := range batch.Rows {
			row := &batch.Rows[i]
			switch {
			case row.Flaw != 0:
				return fmt.Errorf("line %d: %s", row.Line, flaws[row.Flaw].Reason)
			case len(row.Cells) != len(header.Cells):
				fault := convert.RaggedFault(len(row.Cells), len(header.Cells))
				return fmt.Errorf("line %d: %w: %s", row.Line, fault, fault.Detail)
			}
			for j, index := range indexes {
				cells[j] = row.Cells[index]
			}
			if err := add(row.Line, cells); err != nil {
				return fmt.Errorf("line %d: %w", row.Line, err)
			}
		}
	}
	return nil
}

// findColumns returns the index of each column in the header. It fails if one is missing
// or there twice.
func (m *mapFile) findColumns(header *csvrows.Row) ([]int, error) {
	cells := make([]string, len(header.Cells))
	for i, cell := range header.Cells {
		cells[i] = strings.TrimSpace(cell)
	}
	isColumn := func(cell string) bool { return strings.TrimSpace(cell) == m.columns[0] }
	if separator := convert.SeparatorOf(cells, isColumn); separator != 0 && !slices.ContainsFunc(cells, isColumn) {
		return nil, &csvrows.SeparatorError{Separator: separator}
	}
	if header.Flaw != 0 {
		return nil, fmt.Errorf("line %d: %s", header.Line, flaws[header.Flaw].Reason)
	}
	var indexes []int
	for _, column := range m.columns {
		first := slices.Index(cells, column)
		if first < 0 {
			return nil, fmt.Errorf("the header has no column %s", column)
		}
		if slices.Contains(cells[first+1:], column) {
			return nil, fmt.Errorf("the header has the column %s twice", column)
		}
		indexes = append(indexes, first)
	}
	return indexes, nil
}
