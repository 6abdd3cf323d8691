package a0tojsonl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/jsonl"
	"a0permit/internal/tool"
)

// runner is one conversion under way.
type runner struct {
	tool    *tool.Tool
	strict  bool
	conv    *convert.Converter
	out     *jsonl.Writer
	line    []byte
	rejects *rejects
	report  report
	unkeyed int // roles without a key
	left    int // users left out for them
	asOf    time.Time
}

// source is the table that is being read, and the file that it is in.
type source struct {
	name   string
	reader *csvrows.Reader
	table  *convert.Table
	batch  csvrows.Batch
}

func (s *source) at(row *csvrows.Row) string {
	return fmt.Sprintf("%s: row %d, line %d", s.name, row.Number, row.Line)
}

func run(ctx context.Context, t *tool.Tool, conf config) error {
	roleMap, err := readRoleMap(ctx, t, conf.roleMap)
	if err != nil {
		return err
	}
	out, err := t.Create(conf.output)
	if err != nil {
		return err
	}
	defer out.Abort()
	var rejected *tool.Output
	if conf.rejects != "" {
		if rejected, err = t.Create(conf.rejects); err != nil {
			return fmt.Errorf("--rejects: %w", err)
		}
		defer rejected.Abort()
	}
	r := &runner{tool: t, strict: conf.strict, conv: convert.New(roleMap), out: jsonl.NewWriter(out)}
	if rejected != nil {
		r.rejects = newRejects(t, rejected)
	} else {
		r.rejects = newRejects(t, nil)
	}
	t.SetReport(&r.report)

	if err := r.finish(ctx, r.files(ctx, conf.files)); err != nil {
		return err
	}
	if rejected != nil {
		if err := rejected.Commit(); err != nil {
			return fmt.Errorf("--rejects: %w", err)
		}
	}
	if err := out.Commit(); err != nil {
		return err
	}
	if r.report.Rejected > 0 {
		return tool.ErrRejected
	}
	return nil
}

func (r *runner) files(ctx context.Context, names []string) error {
	for _, name := range names {
		if err := r.file(ctx, name); err != nil {
			return err
		}
	}
	if r.unkeyed > 0 {
		return fmt.Errorf("%s without a key: %s left out", tool.Count(r.unkeyed, "role"), tool.Count(r.left, "user"))
	}
	return nil
}

func (r *runner) file(ctx context.Context, name string) error {
	in, err := r.tool.Open(ctx, name)
	if err != nil {
		return err
	}
	defer func() {
		_ = in.Close() // it was only read
		if at := in.Oldest(); !at.IsZero() && (r.asOf.IsZero() || at.Before(r.asOf)) {
			r.asOf = at
		}
	}()
	s := &source{name: in.Name, reader: csvrows.NewReader(in)}
	for {
		header, err := s.reader.Header()
		if errors.Is(err, io.EOF) {
			if s.table == nil { // gzip around nothing, or blank lines
				return fmt.Errorf("%s is empty: %w", s.name, tool.ErrNothing)
			}
			return nil
		}
		if err != nil {
			return explain(s.name, err)
		}
		if s.table, err = convert.NewTable(header.Cells); err != nil {
			return explain(s.at(&header), err)
		}
		if err := r.rows(ctx, s); err != nil {
			return err
		}
	}
}

func (r *runner) rows(ctx context.Context, s *source) error {
	switch s.table.Kind {
	case convert.Roles:
		return rows(ctx, r, s, r.conv.Role)
	case convert.Organizations:
		return rows(ctx, r, s, r.conv.Organization)
	default:
		return rows(ctx, r, s, r.conv.User)
	}
}

// rows converts the rows of one table.
func rows[T any, P csvrows.Target[T]](ctx context.Context, r *runner, s *source, convertRow func(*T) (*convert.Lines, error)) error {
	mapper := csvrows.NewMapper[T, P](s.table.Columns)
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := s.reader.Fill(&s.batch, s.table.Begins)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return explain(s.name, err)
		}
		s.unescape()
		values, err := mapper.Map(&s.batch)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		for i := range values {
			row := &s.batch.Rows[i]
			if columns := len(s.table.Columns); len(row.Cells) != columns {
				err = r.reject(s, row, convert.Ragged(len(row.Cells), columns))
			} else {
				var lines *convert.Lines
				lines, err = convertRow(&values[i])
				err = r.took(s, row, lines, err)
			}
			if err != nil {
				return err
			}
		}
	}
}

// unescape takes Auth0's ' from the cells of the batch. Rows before the first
// with an id have none and are rejected, so it does not matter that the table
// may be undecided while a batch of them passes.
func (s *source) unescape() {
	for i := range s.batch.Rows {
		if s.table.Decide(s.batch.Rows[i].Cells) {
			break
		}
	}
	for i := range s.batch.Rows {
		s.table.Unescape(s.batch.Rows[i].Cells)
	}
}

// took writes what a row has become, or sets the row aside.
func (r *runner) took(s *source, row *csvrows.Row, lines *convert.Lines, err error) error {
	fault, rekey := (*convert.Fault)(nil), (*convert.RekeyError)(nil)
	switch {
	case err == nil:
		return r.write(lines)
	case errors.As(err, &fault):
		return r.reject(s, row, fault)
	case errors.Is(err, convert.ErrUnkeyed):
		if s.table.Kind == convert.Users {
			r.left++
		}
		for _, role := range lines.Unkeyed {
			r.reportUnkeyed(s.at(row), role)
		}
		return nil
	case errors.As(err, &rekey):
		return tool.Hint(fmt.Errorf("%s: %w", s.at(row), err), "put the table of roles before the users: { a0export roles; a0export users; }")
	default:
		return fmt.Errorf("%s: %w", s.at(row), err)
	}
}

func (r *runner) write(lines *convert.Lines) error {
	for i := range lines.Roles {
		if err := r.out.Write(&lines.Roles[i]); err != nil {
			return writeError(err)
		}
		r.report.Roles++
	}
	for i := range lines.Tenants {
		if err := r.out.Write(&lines.Tenants[i]); err != nil {
			return writeError(err)
		}
		r.report.Tenants++
	}
	if lines.User == nil {
		return nil
	}
	line, err := appendUser(r.line[:0], lines.User)
	if err != nil {
		return err
	}
	r.line = line
	if err := r.out.WriteRaw(line); err != nil {
		return writeError(err)
	}
	r.report.Users++
	return nil
}

func writeError(err error) error { return fmt.Errorf("output: %w", err) }

func (r *runner) reject(s *source, row *csvrows.Row, fault *convert.Fault) error {
	r.report.Rejected++
	text := fault.Reason
	if fault.Column != "" {
		text = s.table.Name(fault.Column) + ": " + text
	}
	if fault.Detail != "" {
		text += ": " + fault.Detail
	}
	text = s.at(row) + ": " + text
	if r.strict {
		return tool.Hint(errors.New(text), "without --strict such rows are set aside and the rest is converted")
	}
	if r.rejects.n < shown {
		r.tool.Problem("%s", text)
	}
	return r.rejects.add(s, row, fault)
}

// reportUnkeyed says which line of --role-map a role needs.
func (r *runner) reportUnkeyed(at string, role convert.Unkeyed) {
	r.unkeyed++
	if role.Other == "" {
		r.tool.Problem("%s: role %q: no letter of its name can stand in a key", at, role.Name)
	} else {
		r.tool.Problem("%s: role %q: its key would be %q, which role %q has already", at, role.Name, role.Key, role.Other)
	}
	if strings.ContainsFunc(role.Name, unicode.IsControl) {
		r.tool.Hint("--role-map FILE with the line: ROL_ID,KEY (a0export roles says the id)")
		return
	}
	r.tool.Hint(`--role-map FILE with the line: "%s",KEY`, strings.ReplaceAll(role.Name, `"`, `""`))
}
