package a0tojsonl

import (
	"errors"
	"fmt"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// source is the input file whose rows are being written.
type source struct {
	name  string
	table *convert.Table
	rows  int // number of rows before those of the current job
}

// position returns the file, row and line of a row, for messages. row counts within the
// current job.
func (s *source) position(row, line int) string {
	return fmt.Sprintf("%s: row %d, line %d", s.name, s.rows+row, line)
}

// lineEnd is the end of the lines of all users with the same holding. The writer makes
// it, since roles and tenants get their keys in the order of the rows.
type lineEnd struct {
	known       bool // whether the other fields are set
	text        []byte
	withoutRole int   // memberships left out
	err         error // why users with this holding are left out
}

// writeJob is the last stage of the pipeline. It does the work that depends on the order
// of the rows, and counts them.
func (r *runner) writeJob(s *source, j *job) error {
	if j.header {
		s.table = j.table
		if j.err != nil {
			return withHint(s.position(1, j.chunk.Line), j.err)
		}
		s.rows++
		switch j.table.Kind {
		case convert.APIs:
			r.catalogue.BeginAPIs()
		case convert.Users:
			if err := r.flushCatalogue(); err != nil {
				return err
			}
		}
		r.rolesOnly = r.rolesOnly || j.table.HasRolesOnly()
		return nil
	}
	r.progress.Add(len(j.results))
	r.bareIDs += j.bareIDs
	start := 0
	for i := range j.results {
		res := &j.results[i]
		if err := r.writeRow(s, res, j.lines[start:res.end]); err != nil {
			return err
		}
		start = res.end
	}
	if j.err != nil {
		return withHint(s.name, csvrows.Shift(j.err, s.rows))
	}
	s.rows += j.rows
	return nil
}

func (r *runner) writeRow(s *source, res *result, line []byte) error {
	var lines *convert.Lines
	var err error
	switch value := res.value.(type) {
	case *rejectedRow:
		return r.reject(s, res, value)
	case *holding:
		return r.writeUser(s, res, line, value)
	case *convert.RoleRow:
		lines, err = r.catalogue.AddRole(value, s.position(res.number, res.line))
	case *convert.APIRow:
		lines, err = &convert.Lines{}, r.catalogue.AddAPI(value, s.position(res.number, res.line))
	case *convert.OrganizationRow:
		lines, err = r.catalogue.AddOrganization(value)
	}
	if err != nil {
		return r.reportConflict(s, res, lines, err)
	}
	return r.writeLines(lines)
}

// writeUser writes a user, after the lines of roles and tenants that no user before had.
func (r *runner) writeUser(s *source, res *result, line []byte, h *holding) error {
	end := &h.end
	if !end.known {
		lines, err := r.catalogue.Assign(h.holds)
		*end = lineEnd{known: true, withoutRole: lines.WithoutRole, err: err}
		if err != nil {
			return r.reportConflict(s, res, lines, err)
		}
		if err := r.writeLines(lines); err != nil {
			return err
		}
		end.text = record.AppendUserEnd(nil, lines.Assignments)
	}
	if end.err != nil {
		r.faults.leftOut++
		return nil
	}
	r.withoutRole += end.withoutRole
	r.report.Users++
	if err := r.out.WriteRaw(line, end.text); err != nil {
		return outputError(err)
	}
	return nil
}

// reportConflict reports a row that is valid alone but conflicts with earlier rows. It
// returns an error if the run must end.
func (r *runner) reportConflict(s *source, res *result, lines *convert.Lines, err error) error {
	at := s.position(res.number, res.line)
	rekey, twin, tenant := (*convert.RekeyError)(nil), (*convert.TwinError)(nil), (*convert.TenantError)(nil)
	late := (*convert.LateAPIError)(nil)
	switch {
	case errors.Is(err, convert.ErrUnkeyed):
		if s.table.Kind == convert.Users {
			r.faults.leftOut++
		}
		for _, role := range lines.Unkeyed {
			r.reportUnkeyed(at, role)
		}
		return nil
	case errors.As(err, &rekey):
		const hint = "put the roles table before the users: { a0export roles; a0export users; }"
		return tool.Hint(fmt.Errorf("%s: %w", at, err), hint)
	case errors.As(err, &late):
		const hint = "put the apis table before the users: " +
			"{ a0export roles --permissions; a0export apis; a0export users; }"
		return tool.Hint(fmt.Errorf("%s: %w", at, err), hint)
	case errors.As(err, &twin):
		const hint = "convert the tables of each Auth0 tenant separately, and use --role-map to keep their roles apart"
		return tool.Hint(fmt.Errorf("%s: %w", at, err), hint)
	case errors.As(err, &tenant):
		return tool.Hint(fmt.Errorf("%s: %w", at, err), "leave --tenant-key name out: then the ids are the keys")
	default:
		return fmt.Errorf("%s: %w", at, err)
	}
}

func (r *runner) writeLines(lines *convert.Lines) error {
	for i := range lines.Resources {
		if err := r.out.Write(&lines.Resources[i]); err != nil {
			return outputError(err)
		}
		r.report.Resources++
	}
	for i := range lines.Roles {
		if err := r.out.Write(&lines.Roles[i]); err != nil {
			return outputError(err)
		}
		r.report.Roles++
	}
	for i := range lines.Tenants {
		if err := r.out.Write(&lines.Tenants[i]); err != nil {
			return outputError(err)
		}
		r.report.Tenants++
	}
	return nil
}

func outputError(err error) error { return fmt.Errorf("output: %w", err) }

func (r *runner) reject(s *source, res *result, row *rejectedRow) error {
	r.report.Rejected++
	fault := row.fault
	at, reason := s.position(res.number, res.line), fault.Reason
	if fault.Column != "" {
		at += fmt.Sprintf(", column %q", s.table.HeaderName(fault.Column))
	}
	if fault.Detail != "" {
		reason += ": " + fault.Detail
	}
	if fault.Hint != "" {
		return tool.Hint(fmt.Errorf("%s: %s", at, reason), fault.Hint)
	}
	if r.strict {
		const hint = "fix the row, or leave --strict out: then such rows are set aside and the rest is converted"
		return tool.Hint(fmt.Errorf("%s: %s", at, reason), hint)
	}
	if r.rejects.n < maxShown {
		r.tool.Problem("%s: %s", at, reason)
	}
	return r.rejects.add(s.table, row)
}
