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

var permissionMapFile = mapFile{
	flag:    "--permission-map",
	columns: []string{"auth0_api", "auth0_permission", "permit_resource", "permit_action"},
	example: "https://api.acme.com,read:invoices,invoices,read",
}

// readPermissionMap reads the file of --permission-map.
func readPermissionMap(ctx context.Context, t *tool.Tool, path string) (convert.PermissionMap, error) {
	m, lines := convert.PermissionMap{}, map[convert.Permission]int{}
	return m, permissionMapFile.read(ctx, t, path, func(line int, cells []string) error {
		p := convert.Permission{API: strings.Clone(cells[0]), Name: strings.Clone(cells[1])}
		target := convert.PermissionTarget{Resource: strings.Clone(cells[2]), Action: strings.Clone(cells[3])}
		first, again := lines[p]
		switch {
		case p.API == "":
			return errors.New("auth0_api is empty")
		case again && p.Name == "":
			return fmt.Errorf("API %q is already on line %d", p.API, first)
		case again:
			return fmt.Errorf("permission %q of API %q is already on line %d", p.Name, p.API, first)
		}
		m[p], lines[p] = target, line
		return checkTarget(p, target)
	})
}

// checkTarget returns an error if a permission cannot be mapped to this target. A
// permission without a name stands for all permissions of its API.
func checkTarget(p convert.Permission, target convert.PermissionTarget) error {
	if target.Resource == "" {
		if target.Action != "" {
			return errors.New("permit_action without permit_resource")
		}
		return nil
	}
	if err := record.ResourceKey(target.Resource); err != nil {
		return fmt.Errorf("permit_resource: %w", err)
	}
	switch {
	case p.Name == "" && target.Action != "":
		return errors.New("permit_action without auth0_permission")
	case p.Name == "":
		return nil
	}
	if err := record.ActionKey(target.Action); err != nil {
		return fmt.Errorf("permit_action: %w", err)
	}
	return nil
}
