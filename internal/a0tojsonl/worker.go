package a0tojsonl

import (
	"errors"
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
	end          int // where the line of a user ends so far, in the job's lines
	// One of *holding, which is what a user holds; *convert.RoleRow;
	// *convert.OrganizationRow; *rejected.
	what any
}

type rejected struct {
	fault *convert.Fault
	cells []string
}

// holding is what a user holds, as a line ends with it. Many users share one.
type holding struct {
	*convert.Holds
	size int // a bound of its size in a line

	// For the writer alone.
	written     bool // the lines of its roles and tenants
	end         []byte
	withoutRole int
	err         error
}

// worker is the second stage of the pipeline: it does what can be done with a
// row by itself. There are several, side by side.
type worker struct {
	options *convert.Options
	table   *convert.Table
	users   *csvrows.Mapper[convert.UserRow, *convert.UserRow]
	rows    csvrows.Rows
	batch   csvrows.Batch
	user    convert.User
	memo    map[string]*holding
}

func newWorker(o *convert.Options) *worker {
	return &worker{options: o, memo: map[string]*holding{}}
}

// convert fills in what becomes of the job's rows.
func (w *worker) convert(j *job) {
	w.rows.Reset(&j.chunk)
	var err error
	switch j.table.Kind {
	case convert.Roles:
		err = each(w, j, csvrows.NewMapper[convert.RoleRow](j.table.Fields()), func(row *convert.RoleRow) (any, *convert.Fault) {
			return new(*row), row.Check()
		})
	case convert.Organizations:
		err = each(w, j, csvrows.NewMapper[convert.OrganizationRow](j.table.Fields()), func(row *convert.OrganizationRow) (any, *convert.Fault) {
			return new(*row), row.Check(w.options)
		})
	default:
		if w.table != j.table {
			w.table, w.users = j.table, csvrows.NewMapper[convert.UserRow](j.table.Fields())
		}
		err = each(w, j, w.users, func(row *convert.UserRow) (any, *convert.Fault) {
			return w.convertUser(j, row)
		})
	}
	j.rows = w.rows.Count()
	if !errors.Is(err, io.EOF) {
		j.err = err
	}
}

// each maps the job's rows and notes what becomes of each. Its error is io.EOF
// when they were all read.
func each[T any, P csvrows.Target[T]](w *worker, j *job, mapper *csvrows.Mapper[T, P], convertRow func(*T) (any, *convert.Fault)) error {
	for {
		if err := w.rows.Fill(&w.batch); err != nil {
			return err
		}
		if j.escaped {
			for i := range w.batch.Rows {
				j.table.Unescape(w.batch.Rows[i].Cells)
			}
		}
		values, err := mapper.Map(&w.batch)
		if err != nil {
			return err
		}
		for i := range values {
			row := &w.batch.Rows[i]
			var what any
			var fault *convert.Fault
			if columns := len(j.table.Columns); len(row.Cells) != columns {
				fault = convert.Ragged(len(row.Cells), columns)
			} else {
				what, fault = convertRow(values[i])
			}
			if fault != nil {
				what = &rejected{fault: fault, cells: slices.Clone(row.Cells)}
			}
			j.results = append(j.results, result{number: row.Number, line: row.Line, end: len(j.lines), what: what})
		}
	}
}

// convertUser appends the line of a user, all but what the user holds.
func (w *worker) convertUser(j *job, row *convert.UserRow) (*holding, *convert.Fault) {
	if fault := j.table.User(row, &w.user); fault != nil {
		return nil, fault
	}
	h, fault := w.holding(row)
	if fault != nil {
		fault.Connection = row.Provider
		return nil, fault
	}
	start := len(j.lines)
	var ok bool
	if j.lines, ok = j.table.AppendUser(j.lines, &w.user); !ok {
		j.lines = j.lines[:start]
		return nil, j.table.NotUTF8(row)
	}
	if len(j.lines)-start+h.size > jsonl.MaxLine {
		j.lines = j.lines[:start]
		return nil, &convert.Fault{Reason: "more than a line may hold", Connection: row.Provider}
	}
	return h, nil
}

// Few cells differ, whatever the number of users, and reading JSON costs more
// than the rest of a row. The caps keep a table in which all differ from
// filling memory.
const (
	memoHoldings = 4096
	memoBytes    = 4096
)

func (w *worker) holding(row *convert.UserRow) (*holding, *convert.Fault) {
	cells := row.Roles
	if row.Organizations != "" {
		cells += "\x00" + row.Organizations
	}
	if h, ok := w.memo[cells]; ok {
		return h, nil
	}
	holds, fault := w.options.ReadHolds(row.Roles, row.Organizations)
	if fault != nil {
		return nil, fault
	}
	h := &holding{Holds: holds, size: holds.Size()}
	if len(cells) <= memoBytes {
		if len(w.memo) >= memoHoldings {
			clear(w.memo)
		}
		w.memo[strings.Clone(cells)] = h // a clone: the cell is a part of its whole chunk
	}
	return h, nil
}
