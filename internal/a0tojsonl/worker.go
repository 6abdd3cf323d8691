package a0tojsonl

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/jsonl"
)

// A result is what has become of one row.
type result struct {
	number, line int // in its chunk; in its file
	end          int // of the user's line without its end, in the job's lines
	// value is a *holding for a user, a *convert.RoleRow, a *convert.APIRow, a
	// *convert.OrganizationRow or a *rejectedRow.
	value any
}

type rejectedRow struct {
	fault *convert.Fault
	cells []string
	flaw  csvrows.Flaw
}

// holding is what a user holds. Many users share one.
type holding struct {
	holds *convert.Holds
	size  int // at most, in a line
	end   lineEnd
}

// worker is the second stage of the pipeline: it does what can be done with a row
// alone. Several work side by side.
type worker struct {
	options  *convert.Options
	table    *convert.Table
	users    *csvrows.Mapper[convert.UserRow, *convert.UserRow] // of table
	rows     csvrows.Rows
	batch    csvrows.Batch
	faults   []*convert.Fault // of the batch's rows, before they are mapped
	user     convert.User
	holdings map[string]*holding // by cells
}

func newWorker(o *convert.Options) *worker {
	return &worker{options: o, holdings: map[string]*holding{}}
}

// convertJob converts the job's rows.
func (w *worker) convertJob(j *job) {
	w.rows.Reset(&j.chunk)
	var err error
	switch j.table.Kind {
	case convert.Roles:
		mapper := csvrows.NewMapper[convert.RoleRow](j.table.Fields())
		err = convertRows(w, j, mapper, func(row *convert.RoleRow) (any, *convert.Fault) {
			fault := row.Check() // which reads the permissions into the row
			return new(*row), fault
		})
	case convert.Organizations:
		mapper := csvrows.NewMapper[convert.OrganizationRow](j.table.Fields())
		err = convertRows(w, j, mapper, func(row *convert.OrganizationRow) (any, *convert.Fault) {
			return new(*row), row.Check(w.options)
		})
	case convert.APIs:
		mapper := csvrows.NewMapper[convert.APIRow](j.table.Fields())
		err = convertRows(w, j, mapper, func(row *convert.APIRow) (any, *convert.Fault) {
			fault := row.Check()
			return new(*row), fault
		})
	default:
		if w.table != j.table {
			w.table, w.users = j.table, csvrows.NewMapper[convert.UserRow](j.table.Fields())
		}
		err = convertRows(w, j, w.users, func(row *convert.UserRow) (any, *convert.Fault) {
			return w.convertUser(j, row)
		})
	}
	j.rows = w.rows.Count()
	if !errors.Is(err, io.EOF) {
		j.err = err
	}
}

// convertRows maps the job's rows and adds a result for each. At the end of the
// rows the error is io.EOF.
func convertRows[T any, P csvrows.Target[T]](
	w *worker, j *job, mapper *csvrows.Mapper[T, P], convertRow func(*T) (any, *convert.Fault),
) error {
	for {
		if err := w.rows.Fill(&w.batch); err != nil {
			return err
		}
		w.faults = w.faults[:0]
		for i := range w.batch.Rows {
			w.faults = append(w.faults, readCells(j, &w.batch.Rows[i]))
		}
		values, err := mapper.Map(&w.batch)
		if err != nil {
			return err
		}
		for i := range values {
			row := &w.batch.Rows[i]
			var value any
			fault := w.faults[i]
			if fault == nil {
				value, fault = convertRow(values[i])
			}
			if fault != nil {
				value = &rejectedRow{fault: fault, cells: slices.Clone(row.Cells), flaw: row.Flaw}
			}
			j.results = append(j.results, result{number: row.Number, line: row.Line, end: len(j.lines), value: value})
		}
	}
}

// readCells takes the escaping from the cells of a row, and returns what is wrong with
// the row as a whole.
func readCells(j *job, row *csvrows.Row) *convert.Fault {
	columns := len(j.table.Columns)
	if row.Flaw == csvrows.TooLong {
		// It stays ragged among the rejects, whatever is added at its end.
		row.Cells = row.Cells[:min(len(row.Cells), columns-1)]
	}
	fault := j.table.Unescape(row.Cells, j.escaping)
	switch {
	case row.Flaw != 0:
		return flaws[row.Flaw]
	case len(row.Cells) != columns:
		return convert.RaggedFault(len(row.Cells), columns)
	}
	return fault
}

// flaws are the faults of rows with a flaw.
var flaws = map[csvrows.Flaw]*convert.Fault{
	csvrows.LoneCR: {
		Reason: "a CR in the middle of the row, which may be two rows in one",
		Cure:   convert.LoneCRCure,
	},
	csvrows.NUL: {
		Reason: "a NUL byte",
		Cure:   `remove the NUL bytes: tr -d '\000' < FILE`,
	},
	csvrows.TooLong: {
		Reason: fmt.Sprintf("longer than %d MiB", csvrows.MaxRow>>20),
		Cure:   "look for a quote that is never closed, or for lines that end with CR only",
	},
}

// convertUser appends the line of a user without its end, and returns what the user
// holds.
func (w *worker) convertUser(j *job, row *convert.UserRow) (*holding, *convert.Fault) {
	if fault := j.table.ReadUser(row, &w.user); fault != nil {
		return nil, fault
	}
	h, fault := w.readHolding(row)
	if fault != nil {
		fault.Connection = row.Provider
		return nil, fault
	}
	lines, valid := j.table.AppendUser(j.lines, &w.user)
	if !valid {
		return nil, j.table.UTF8Fault(row)
	}
	if len(lines)-len(j.lines)+h.size > jsonl.MaxText {
		return nil, &convert.Fault{Reason: longLine, Connection: row.Provider}
	}
	j.lines = lines
	if j.table.HasBareID(&w.user) {
		j.bareIDs++
	}
	return h, nil
}

var longLine = fmt.Sprintf("its record would be longer than %d MiB", jsonl.MaxText>>20)

// Reading what a user holds takes longer than the rest of a row, and there are few
// different cells, however many users there are. So the results are kept. The
// bounds are for a table in which all cells differ.
const (
	mostHoldings   = 4096
	mostCellsBytes = 4096
)

func (w *worker) readHolding(row *convert.UserRow) (*holding, *convert.Fault) {
	cells := row.Roles
	if row.Organizations != "" {
		cells += "\x00" + row.Organizations
	}
	if h, ok := w.holdings[cells]; ok {
		return h, nil
	}
	holds, fault := w.options.ReadHolds(row.Roles, row.Organizations)
	if fault != nil {
		return nil, fault
	}
	h := &holding{holds: holds, size: holds.Size()}
	if len(cells) <= mostCellsBytes {
		if len(w.holdings) >= mostHoldings {
			clear(w.holdings)
		}
		w.holdings[strings.Clone(cells)] = h // cloned, because the cell is part of its whole chunk
	}
	return h, nil
}
