package permittest

import "regexp"

// The patterns of keys, as the spec writes them.
var (
	userKey = regexp.MustCompile(`^[A-Za-z0-9|@+\-\._]+$`)
	slug    = regexp.MustCompile(`^[A-Za-z0-9\-_]+$`)

	attributeType = regexp.MustCompile(`^(bool|number|string|time|array|json|object|object_array)$`)
)

// The request schemas of the spec, by their names there.
var (
	userRoleCreate = shape{
		{name: "role", required: true},
		{name: "tenant", nullable: true},
		{name: "resource_instance", nullable: true},
	}
	userUpdate = shape{
		{name: "email", kind: email, nullable: true},
		{name: "first_name", nullable: true},
		{name: "last_name", nullable: true},
		{name: "attributes", kind: mapping, nullable: true},
	}
	userCreate = join(
		shape{{name: "key", required: true, pattern: userKey}},
		userUpdate,
		shape{{name: "role_assignments", kind: records, row: userRoleCreate, nullable: true}},
	)

	tenantUpdate = shape{
		{name: "name"},
		{name: "description", nullable: true},
		{name: "attributes", kind: mapping, nullable: true},
	}
	tenantCreate = shape{
		{name: "key", required: true, pattern: slug},
		{name: "name", required: true},
		{name: "description", nullable: true},
		{name: "attributes", kind: mapping, nullable: true},
	}

	// roleRest has the fields of all role schemas. The v1compat fields are hidden in
	// the pages of the spec, but accepted; the fake does not store them.
	roleRest = shape{
		{name: "description", nullable: true},
		{name: "permissions", kind: texts, nullable: true},
		{name: "attributes", kind: mapping, nullable: true},
		{name: "extends", kind: texts, nullable: true},
		{name: "granted_to", kind: mapping, nullable: true},
		{name: "v1compat_settings", kind: mapping},
		{name: "v1compat_attributes", kind: mapping},
	}
	roleUpdate = join(shape{{name: "name"}}, roleRest)
	roleKeyed  = join(
		shape{{name: "key", required: true, pattern: slug}, {name: "name", required: true}},
		roleRest,
	)
	roleCreate     = join(roleKeyed, shape{{name: "v1compat_is_built_in", kind: boolean}})
	roleCreateBulk = join(roleKeyed, shape{{name: "resource"}})
	// AddRolePermissions and RemoveRolePermissions
	permissionList = shape{{name: "permissions", kind: texts, required: true}}

	// actionBlock is the ActionBlockEditable, attributeBlock the
	// AttributeBlockEditable and roleBlock the RoleBlockEditable of the spec.
	actionBlock = shape{
		{name: "name", nullable: true},
		{name: "description", nullable: true},
		{name: "attributes", kind: mapping, nullable: true},
		{name: "v1compat_path"},
		{name: "v1compat_name"},
	}
	actionCreate = join(
		shape{{name: "key", required: true, pattern: slug}, {name: "name", required: true}},
		actionBlock[1:], shape{{name: "v1compat_is_built_in", kind: boolean}},
	)
	attributeBlock = shape{{name: "type", required: true, pattern: attributeType}, {name: "description", nullable: true}}
	roleBlock      = join(shape{{name: "name", required: true}}, roleRest)

	// resourceRest has the fields of all resource schemas. The fake does not store
	// attributes, roles and relations. It checks the keys of actions in a resource like
	// those of single actions (unverified).
	resourceRest = shape{
		{name: "urn", nullable: true},
		{name: "description", nullable: true},
		{name: "type_attributes", kind: mapping, nullable: true},
		{name: "attributes", kind: blocks, row: attributeBlock, pattern: slug, nullable: true},
		{name: "roles", kind: blocks, row: roleBlock, pattern: slug, nullable: true},
		{name: "relations", kind: mapping, nullable: true},
		{name: "v1compat_path"},
		{name: "v1compat_type"},
		{name: "v1compat_name"},
	}
	resourceUpdate = join(
		shape{{name: "name"}, {name: "actions", kind: blocks, row: actionBlock, pattern: slug}},
		resourceRest,
	)
	resourceReplace = join(
		shape{
			{name: "name", required: true},
			{name: "actions", kind: blocks, row: actionBlock, pattern: slug, required: true},
		},
		resourceRest,
	)
	resourceCreate = join(shape{{name: "key", required: true, pattern: slug}}, resourceReplace)

	assignmentCreate = join(userRoleCreate, shape{{name: "user", required: true}})
	userRoleRemove   = shape{
		{name: "role", required: true},
		{name: "tenant", required: true},
		{name: "resource_instance", nullable: true},
	}
	assignmentRemove = join(userRoleRemove, shape{{name: "user", required: true}})
)

func join(parts ...shape) shape {
	var whole shape
	for _, p := range parts {
		whole = append(whole, p...)
	}
	return whole
}
