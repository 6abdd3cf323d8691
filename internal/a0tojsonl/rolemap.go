package a0tojsonl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

const (
	auth0Role  = "auth0_role"
	permitRole = "permit_role"
)

// mapRow is a row of --role-map.
type mapRow struct{ Auth0Role, PermitRole string }

func (r *mapRow) UnmarshalCSVWithFields(column, cell string) error {
	switch column {
	case auth0Role:
		r.Auth0Role = cell
	case permitRole:
		r.PermitRole = cell
	}
	return nil
}

var mapRows sync.Pool

func (*mapRow) Pool() *sync.Pool { return &mapRows }

// readRoleMap reads the file of --role-map. Its errors are errors of usage: exit
// code 2.
func readRoleMap(ctx context.Context, t *tool.Tool, path string) (convert.RoleMap, error) {
	if path == "" {
		return nil, nil
	}
	in, err := t.Open(ctx, path)
	if err != nil {
		return nil, roleMapError(err)
	}
	defer in.Close() //nolint:errcheck // it is only read
	m, err := parseRoleMap(&boundedReader{in: in, left: maxRoleMap})
	if err != nil {
		return nil, roleMapError(fmt.Errorf("%s: %w", in.Name, err))
	}
	return m, nil
}

// maxRoleMap is the greatest length of a role map in bytes: it is kept in memory. A
// tenant of Auth0 has a thousand roles at most.
const maxRoleMap = 16 << 20

// boundedReader is an error after so many bytes.
type boundedReader struct {
	in   io.Reader
	left int
}

func (r *boundedReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if r.left -= n; r.left < 0 {
		return 0, fmt.Errorf("longer than %d MiB", maxRoleMap>>20)
	}
	return n, err
}

const roleMapHint = "write a CSV file with the header auth0_role,permit_role and lines such as " +
	`"Billing Viewer",billing-viewer`

func roleMapError(err error) error {
	return &tool.Error{
		Err:   fmt.Errorf("--role-map: %w", err),
		Code:  tool.BadUsage,
		Hints: []string{roleMapHint},
	}
}

func parseRoleMap(in io.Reader) (convert.RoleMap, error) {
	file := csvrows.NewCutter(in, 64<<10)
	header, err := file.Header()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("no header line")
	}
	if err != nil {
		return nil, err
	}
	columns := header.Cells
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	isColumn := func(cell string) bool { return strings.TrimSpace(cell) == auth0Role }
	if separator := convert.SeparatorOf(columns, isColumn); separator != 0 && !slices.ContainsFunc(columns, isColumn) {
		return nil, &csvrows.SeparatorError{Separator: separator}
	}
	if header.Flaw != 0 {
		return nil, fmt.Errorf("line %d: %s", header.Line, flaws[header.Flaw].Reason)
	}
	for _, column := range []string{auth0Role, permitRole} {
		first := slices.Index(columns, column)
		if first < 0 {
			return nil, fmt.Errorf("the header has no column %s", column)
		}
		if slices.Contains(columns[first+1:], column) {
			return nil, fmt.Errorf("the header has the column %s twice", column)
		}
	}
	m := convert.RoleMap{}
	lines := map[string]int{}
	mapper := csvrows.NewMapper[mapRow](columns)
	for batch, err := range file.Batches(header.Number) {
		if err != nil {
			return nil, err
		}
		rows, err := mapper.Map(batch)
		if err != nil {
			return nil, err
		}
		for i, row := range rows {
			at := batch.Rows[i]
			switch first, again := lines[row.Auth0Role]; {
			case at.Flaw != 0:
				return nil, fmt.Errorf("line %d: %s", at.Line, flaws[at.Flaw].Reason)
			case len(at.Cells) != len(columns):
				fault := convert.RaggedFault(len(at.Cells), len(columns))
				return nil, fmt.Errorf("line %d: %w: %s", at.Line, fault, fault.Detail)
			case row.Auth0Role == "":
				return nil, fmt.Errorf("line %d: %s is empty", at.Line, auth0Role)
			case again:
				return nil, fmt.Errorf("line %d: %q is already on line %d", at.Line, row.Auth0Role, first)
			}
			if err := record.RoleKey(row.PermitRole); err != nil {
				return nil, fmt.Errorf("line %d: %s: %w", at.Line, permitRole, err)
			}
			m[row.Auth0Role], lines[row.Auth0Role] = row.PermitRole, at.Line
		}
	}
	return m, nil
}
