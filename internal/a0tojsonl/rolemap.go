package a0tojsonl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"a0permit/internal/convert"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

var roleMapFile = mapFile{
	flag: "--role-map", columns: []string{"auth0_role", "permit_role"}, example: `"Billing Viewer",billing-viewer`,
}

// readRoleMap reads the file of --role-map.
func readRoleMap(ctx context.Context, t *tool.Tool, path string) (convert.RoleMap, error) {
	m, lines := convert.RoleMap{}, map[string]int{}
	return m, roleMapFile.read(ctx, t, path, func(line int, cells []string) error {
		role, key := strings.Clone(cells[0]), strings.Clone(cells[1])
		switch first, again := lines[role]; {
		case role == "":
			return errors.New("auth0_role is empty")
		case again:
			return fmt.Errorf("%q is already on line %d", role, first)
		}
		if err := record.RoleKey(key); err != nil {
			return fmt.Errorf("permit_role: %w", err)
		}
		m[role], lines[role] = key, line
		return nil
	})
}
