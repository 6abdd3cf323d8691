package a0tojsonl

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// source is the file that is being written, and where in it.
type source struct {
	name  string
	table *convert.Table
	rows  int // before the job's
}

func (s *source) at(row, line int) string {
	return fmt.Sprintf("%s: row %d, line %d", s.name, s.rows+row, line)
}

// write is the last stage of the pipeline: it does what depends on the order of
// the rows, and counts them.
func (r *runner) write(s *source, j *job) error {
	if j.header {
		s.table = j.table
		if j.err != nil {
			return explain(s.at(1, j.chunk.Line), j.err)
		}
		s.rows++
		r.rolesAlone = r.rolesAlone || j.table.RolesAlone()
		return nil
	}
	r.progress.Add(len(j.results))
	start := 0
	for i := range j.results {
		res := &j.results[i]
		if err := r.row(s, res, j.lines[start:res.end]); err != nil {
			return err
		}
		start = res.end
	}
	if j.err != nil {
		return explain(s.name, csvrows.Shift(j.err, s.rows))
	}
	s.rows += j.rows
	return nil
}

func (r *runner) row(s *source, res *result, line []byte) error {
	var lines *convert.Lines
	var err error
	switch what := res.what.(type) {
	case *rejected:
		return r.reject(s, res, what)
	case *holding:
		return r.user(s, res, line, what)
	case *convert.RoleRow:
		lines, err = r.catalogue.Role(what)
	case *convert.OrganizationRow:
		lines, err = r.catalogue.Organization(what)
	}
	if err != nil {
		return r.refused(s, res, lines, err)
	}
	return r.lines(lines)
}

// user writes a user, behind the lines of the roles and tenants that nobody has
// held before.
func (r *runner) user(s *source, res *result, line []byte, h *holding) error {
	if !h.written {
		h.written = true
		lines, err := r.catalogue.Assign(h.Holds)
		h.err, h.withoutRole = err, lines.WithoutRole
		if err != nil {
			return r.refused(s, res, lines, err)
		}
		if err := r.lines(lines); err != nil {
			return err
		}
		h.end = record.AppendUserEnd(nil, lines.Assignments)
	}
	if h.err != nil {
		r.left++
		return nil
	}
	r.withoutRole += h.withoutRole
	r.report.Users++
	if err := r.out.WriteRaw(line, h.end); err != nil {
		return writeError(err)
	}
	return nil
}

// refused deals with a row that is right, while what it names is not.
func (r *runner) refused(s *source, res *result, lines *convert.Lines, err error) error {
	at := s.at(res.number, res.line)
	rekey, tenant := (*convert.RekeyError)(nil), (*convert.TenantError)(nil)
	switch {
	case errors.Is(err, convert.ErrUnkeyed):
		if s.table.Kind == convert.Users {
			r.left++
		}
		for _, role := range lines.Unkeyed {
			r.reportUnkeyed(at, role)
		}
		return nil
	case errors.As(err, &rekey):
		return tool.Hint(fmt.Errorf("%s: %w", at, err), "put the table of roles before the users: { a0export roles; a0export users; }")
	case errors.As(err, &tenant):
		return tool.Hint(fmt.Errorf("%s: %w", at, err), "without --tenant-key name the ids are the keys")
	default:
		return fmt.Errorf("%s: %w", at, err)
	}
}

func (r *runner) lines(lines *convert.Lines) error {
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
	return nil
}

func writeError(err error) error { return fmt.Errorf("output: %w", err) }

func (r *runner) reject(s *source, res *result, row *rejected) error {
	r.report.Rejected++
	fault := row.fault
	at, reason := s.at(res.number, res.line), fault.Reason
	if fault.Column != "" {
		at += fmt.Sprintf(", column %q", s.table.Name(fault.Column))
	}
	if fault.Detail != "" {
		reason += ": " + fault.Detail
	}
	if fault.Hint != "" {
		return tool.Hint(fmt.Errorf("%s: %s", at, reason), fault.Hint)
	}
	if r.strict {
		return tool.Hint(fmt.Errorf("%s: %s", at, reason), "without --strict such rows are set aside and the rest is converted")
	}
	if r.rejects.n < shown {
		r.tool.Problem("%s: %s", at, reason)
	}
	return r.rejects.add(s.table, row)
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
