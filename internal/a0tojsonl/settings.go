package a0tojsonl

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"a0permit/internal/convert"
	"a0permit/internal/tool"
)

// The categories of flags in --help.
const (
	outputCategory  = "OUTPUT"
	mappingCategory = "MAPPING"
)

func flags() []cli.Flag {
	return []cli.Flag{
		tool.OutputFlag(),
		&cli.BoolFlag{Name: "schema", Category: outputCategory, Usage: "print the JSON Schema of a line"},
		&cli.StringSliceFlag{
			Name: "attribute", Category: mappingCategory,
			Usage: "keep `COLUMN[=NAME][:TYPE]` (TYPE: string, number, bool, json)",
		},
		&cli.StringFlag{
			Name: "attributes", Category: mappingCategory, DefaultText: "provider only",
			Usage: "`all|none` keep all other columns, or none",
		},
		&cli.StringFlag{
			Name: "user-key", Category: mappingCategory, Value: "user_id",
			Usage: "use `COLUMN` as the users' key",
		},
		&cli.StringFlag{
			Name: "tenant-key", Category: mappingCategory, Value: "id",
			Usage: "`id|name` use the organization's id or name as the tenant's key",
		},
		&cli.StringFlag{
			Name: "member-role", Category: mappingCategory,
			Usage: "give `ROLE` to organization members who have no role",
		},
		&cli.StringFlag{
			Name: "role-map", Category: mappingCategory,
			Usage: "read role keys from `FILE` (CSV: auth0_role,permit_role)",
		},
		&cli.StringFlag{
			Name: "permission-form", Category: mappingCategory, Value: "action:resource",
			Usage: "`action:resource|resource:action|api` form of names",
		},
		&cli.StringFlag{
			Name: "permission-map", Category: mappingCategory,
			Usage: "read resources and actions of permissions from `FILE`",
		},
		&cli.StringFlag{
			Name: "escaped", Category: mappingCategory, Value: "auto",
			Usage: "`auto|yes|no` whether Auth0 put a ' before each text",
		},
		&cli.StringFlag{
			Name: "as-of", Category: mappingCategory,
			Usage: "`TIME` of the export (RFC 3339), for input that is not gzip",
		},
		&cli.StringFlag{
			Name: "rejects", Category: mappingCategory,
			Usage: "write rejected rows to `FILE`, to fix and feed again",
		},
		&cli.BoolFlag{Name: "strict", Category: mappingCategory, Usage: "stop at the first rejected row"},
	}
}

// config holds the values of the flags.
type config struct {
	files           []string
	output, rejects string
	roleMap         string
	permissionMap   string
	formIsChosen    bool // --permission-form was given
	strict          bool
	asOf            time.Time
	options         convert.Options
	parallelism
}

func readConfig(c *cli.Context, t *tool.Tool) (config, error) {
	conf := config{
		output:  c.String("output"),
		rejects: c.String("rejects"),
		roleMap: c.String("role-map"), permissionMap: c.String("permission-map"),
		formIsChosen: c.IsSet("permission-form"),
		strict:       c.Bool("strict"),
		options:      convert.Options{UserKey: c.String("user-key"), MemberRole: c.String("member-role")},
	}
	files, err := tool.Files(c)
	if err != nil {
		return conf, err
	}
	switch {
	case conf.rejects == "-":
		return conf, tool.Usage("--rejects: stdout is for the records", "--rejects rejects.csv")
	case conf.roleMap == "-":
		return conf, tool.Usage("--role-map: stdin is for the tables", "--role-map roles.csv")
	case conf.permissionMap == "-":
		return conf, tool.Usage("--permission-map: stdin is for the tables", "--permission-map permissions.csv")
	case conf.options.UserKey == "":
		return conf, tool.Usage("--user-key: the column is empty", "for example: --user-key email")
	}
	if err := readMapping(c, &conf.options); err != nil {
		return conf, err
	}
	if conf.asOf, err = parseAsOf(c.String("as-of")); err != nil {
		return conf, err
	}
	conf.files, err = t.Inputs(files)
	return conf, err
}

// readMapping reads the flags about columns, roles and permissions into o.
func readMapping(c *cli.Context, o *convert.Options) error {
	o.TenantsByName = c.String("tenant-key") == "name"
	switch c.String("attributes") {
	case "all":
		o.Keep = convert.KeepAll
	case "none":
		o.Keep = convert.KeepNone
	}
	switch c.String("permission-form") {
	case "resource:action":
		o.PermissionForm = convert.ResourceAction
	case "api":
		o.PermissionForm = convert.WholeAPI
	}
	switch c.String("escaped") {
	case "yes":
		o.Escaping = convert.Escaped
	case "no":
		o.Escaping = convert.Plain
	}
	for _, spec := range c.StringSlice("attribute") {
		a, err := parseAttribute(spec)
		if err != nil {
			return err
		}
		o.Attributes = append(o.Attributes, a)
	}
	if c.IsSet("member-role") && (o.MemberRole == "" || !utf8.ValidString(o.MemberRole)) {
		return tool.Usage("--member-role: the role is empty or not UTF-8", "for example: --member-role member")
	}
	return nil
}

var attributeTypes = map[string]convert.Type{
	"string": convert.String, "number": convert.Number, "bool": convert.Bool, "json": convert.JSON,
}

// parseAttribute parses COLUMN[=NAME][:TYPE].
func parseAttribute(spec string) (convert.Attribute, error) {
	var a convert.Attribute
	rest := spec
	if i := strings.LastIndexByte(spec, ':'); i >= 0 {
		typ, ok := attributeTypes[spec[i+1:]]
		if !ok {
			return a, tool.Usage(fmt.Sprintf("--attribute %s: %q is not a type", spec, spec[i+1:]),
				"the types are string, number, bool and json; "+
					"if the column's name contains a :, put one of them after it")
		}
		rest, a.Type = spec[:i], typ
	}
	var hasName bool
	a.Column, a.Name, hasName = strings.Cut(rest, "=")
	if a.Column == "" || hasName && a.Name == "" || !utf8.ValidString(rest) {
		return a, tool.Usage(fmt.Sprintf("--attribute %s: the column or the name is empty or not UTF-8", spec),
			"for example: --attribute plan, --attribute plan=tier, --attribute logins_count=logins:number")
	}
	return a, nil
}

// parseAsOf parses the time of --as-of. It refuses a time in the future: permitload would
// conclude that users who were created since the export have been deleted.
func parseAsOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, tool.Usage(fmt.Sprintf("--as-of: %q is not a time in RFC 3339", text),
			"for example: --as-of 2026-11-23T21:43:00Z; date -u -r FILE +%FT%TZ prints when a file was written")
	}
	if at.After(time.Now().Add(time.Minute)) {
		return at, tool.Usage(fmt.Sprintf("--as-of: %s is in the future", text), "give the time of the export")
	}
	return at, nil
}
