package auth0test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

const (
	formatCSV  = "csv"
	formatJSON = "json"

	maxCSVFields = 30  // docs: "data exports in CSV format are limited to 30 fields"
	maxFieldName = 100 // characters in name or export_as
)

var connectionID = regexp.MustCompile(`^con_[A-Za-z0-9]{16}$`)

// export is the body of POST /jobs/users-exports. Every field is optional.
type export struct {
	ConnectionID string
	Format       string
	Limit        *int
	Fields       []jobField
}

type jobField struct {
	Name     string `json:"name"`
	ExportAs string `json:"export_as,omitempty"`
}

// defaultFields are the fields of a job that names none. Auth0 does not document its
// own, so a client that relies on them gets only a few here.
var defaultFields = []jobField{{Name: "user_id"}, {Name: "email"}, {Name: "name"}}

func readExport(r *http.Request) (export, error) {
	var e export
	body, err := readObject(r)
	if err != nil {
		return e, err
	}
	e.Format = formatJSON
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if err := e.set(name, body[name]); err != nil {
			return e, err
		}
	}
	if e.Format == formatCSV && len(e.Fields) > maxCSVFields {
		return e, errBody("'CSV exports are limited to %d fields' on property fields.", maxCSVFields)
	}
	return e, nil
}

func (e *export) set(name string, v any) error {
	switch name {
	case "connection_id":
		id, err := bodyString(name, v)
		if err != nil {
			return err
		}
		if !connectionID.MatchString(id) {
			return errBody("'String does not match pattern %s' on property connection_id.", connectionID)
		}
		e.ConnectionID = id
	case "format":
		format, err := bodyString(name, v)
		if err != nil {
			return err
		}
		if format != formatCSV && format != formatJSON {
			return errBody("'No enum match for: %s' on property format.", format)
		}
		e.Format = format
	case "limit":
		number, _ := v.(json.Number)
		n, err := strconv.Atoi(number.String())
		if err != nil {
			return errBody("'Expected type integer but found type %s' on property limit.", typeName(v))
		}
		if n < 1 {
			return errBody("'Value %d is less than minimum 1' on property limit.", n)
		}
		e.Limit = &n
	case "fields":
		list, ok := v.([]any)
		if !ok {
			return errBody("'Expected type array but found type %s' on property fields.", typeName(v))
		}
		for i, item := range list {
			f, err := readField(fmt.Sprintf("fields[%d]", i), item)
			if err != nil {
				return err
			}
			e.Fields = append(e.Fields, f)
		}
	default:
		return errBody("'Additional properties not allowed: %s'.", name)
	}
	return nil
}

// readField reads one entry of fields and checks its form only. A field that no user
// has becomes an empty column.
func readField(at string, v any) (jobField, error) {
	var f jobField
	object, ok := v.(map[string]any)
	if !ok {
		return f, errBody("'Expected type object but found type %s' on property %s.", typeName(v), at)
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if name != "name" && name != "export_as" {
			return f, errBody("'Additional properties not allowed: %s' on property %s.", name, at)
		}
		s, err := bodyString(at+"."+name, object[name])
		if err != nil {
			return f, err
		}
		if n := utf8.RuneCountInString(s); n > maxFieldName {
			return f, errBody("'String is too long (%d chars), maximum %d' on property %s.%s.", n, maxFieldName, at, name)
		}
		if name == "name" {
			f.Name = s
		} else {
			f.ExportAs = s
		}
	}
	if f.Name == "" {
		return f, errBody("'Missing required property: name' on property %s.", at)
	}
	return f, nil
}

func bodyString(at string, v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", errBody("'Expected type string but found type %s' on property %s.", typeName(v), at)
	}
	return s, nil
}

// readObject reads the body of a request. It fails unless the body is a form or a
// single JSON object and has that content type.
func readObject(r *http.Request) (map[string]any, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && kind != formType {
		return nil, refuse(http.StatusUnsupportedMediaType, "", "Unsupported Media Type")
	}
	b, err := readBody(r)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "invalid_body", "Invalid request payload JSON format")
	}
	if kind == formType {
		return readForm(string(b))
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, refuse(http.StatusBadRequest, "invalid_body", "Invalid request payload JSON format")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse(http.StatusBadRequest, "invalid_body", "Invalid request payload JSON format")
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errBody("'Expected type object but found type %s'.", typeName(v))
	}
	return object, nil
}

const formType = "application/x-www-form-urlencoded"

// readForm reads a form (spec). Unverified: fields are sent as fields[0][name], as
// Node's qs writes them.
func readForm(body string) (map[string]any, error) {
	values, err := url.ParseQuery(body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "invalid_body", "Invalid request payload format")
	}
	object := map[string]any{}
	var list []any
	for i := 0; values.Has(fmt.Sprintf("fields[%d][name]", i)); i++ {
		f := map[string]any{}
		for _, name := range []string{"name", "export_as"} {
			if key := fmt.Sprintf("fields[%d][%s]", i, name); values.Has(key) {
				f[name] = values.Get(key)
				values.Del(key)
			}
		}
		list = append(list, f)
	}
	if list != nil {
		object["fields"] = list
	}
	for name := range values {
		object[name] = values.Get(name)
	}
	if limit := values.Get("limit"); limit != "" {
		object["limit"] = json.Number(limit)
	}
	return object, nil
}

func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		if _, err := strconv.Atoi(v.String()); err == nil {
			return "integer"
		}
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}
