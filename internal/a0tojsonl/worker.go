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

// A result is the result of converting one row.
type result struct {
	number, line int // row number in the chunk, line number in the file
	end          int // where the user's line ends in job.lines
	// value is a *holding for a user, a *convert.RoleRow, a *convert.APIRow, a
	// *convert.OrganizationRow or a *rejectedRow.
	value any
}

type rejectedRow struct {
	fault *convert.Fault
	cells []string
	flaw  csvrows.Flaw
}

// holding is the roles and memberships of a user. Many users share one.
type holding struct {
	holds *convert.Holds
	size  int     // the largest size in a line, in bytes
	end   lineEnd // used by the writer only
}

// worker is the second stage of the pipeline. It converts rows one by one, as far as that
// does not depend on other rows. Several workers run concurrently.
type worker struct {
	options  *convert.Options
	table    *convert.Table
	users    *csvrows.Mapper[convert.UserRow, *convert.UserRow] // of table
	rows     csvrows.Rows
	batch    csvrows.Batch
	faults   []*convert.Fault // faults found before mapping, by row of the batch
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
			fault := row.Check() // also parses the permissions, so call it before copying
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

// convertRows maps the job's rows and adds a result for each. It returns io.EOF after the
// last row.
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

// readCells removes the escaping from the cells of a row. It returns a fault of the row
// as a whole, or nil.
func readCells(j *job, row *csvrows.Row) *convert.Fault {
	columns := len(j.table.Columns)
	if row.Flaw == csvrows.TooLong {
		// The row must stay ragged in the file of rejects, even with a reason appended.
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

// flaws maps each flaw of a row to its fault.
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

// convertUser appends a user's line to j.lines, except for what lineEnd adds, and returns
// the user's holding.
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

// Holdings are cached: they take longer to read than the rest of a row, and many users
// have the same cells. The bounds are for tables where all cells differ.
const (
	maxHoldings   = 4096
	maxCellsBytes = 4096
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
	if len(cells) <= maxCellsBytes {
		if len(w.holdings) >= maxHoldings {
			clear(w.holdings)
		}
		w.holdings[strings.Clone(cells)] = h // the cell would keep its whole chunk in memory
	}
	return h, nil
}
