package record_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/record"
)

func TestResourceValidate(t *testing.T) {
	t.Parallel()
	const allowed = ": Permit allows only letters, digits, - and _"
	for line, want := range map[string]string{
		`{"type":"resource","key":"user_email-2"}`:                                  "",
		`{"type":"resource","key":"r","actions":{"read":{"name":"read:r"},"W":{}}}`: "",
		`{"type":"resource","key":""}`:                                              "the key is missing",
		`{"type":"resource","key":"a:b"}`:                                           "resource key" + allowed,
		`{"type":"resource","key":"a","actions":{"a b":{}}}`:                        "action key" + allowed,
		`{"type":"resource","key":"a","actions":{"":{}}}`:                           "the key is missing",
		`{"type":"resource","key":"a","actions":[]}`:                                "actions: wrong type: array",
		`{"type":"resource","key":"a","actions":{"x":{"nme":"x"}}}`:                 `unknown field "nme"`,
		`{"type":"resource","key":"a","actions":{"x":{"Name":"x"}}}`:                `unknown field "Name"`,
		`{"type":"resource","key":"a","actions":{"x":{},"x":{}}}`:                   `actions: field "x" appears twice`,
	} {
		if kind, err := record.TypeOf([]byte(line)); kind != record.TypeResource || err != nil {
			t.Errorf("TypeOf(%s) = %q, %v", line, kind, err)
		}
		var r record.Resource
		err := record.Parse([]byte(line), &r)
		if err == nil {
			err = r.Validate()
		}
		if got := text(err); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Absent permissions are unknown, and [] means none.
func TestPermissionsOfARole(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		`{"type":"role","key":"r"}`:                           nil,
		`{"type":"role","key":"r","permissions":[]}`:          {},
		`{"type":"role","key":"r","permissions":["a:b-1_C"]}`: {"a:b-1_C"},
	} {
		var r record.Role
		if err := record.Parse([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.Permissions); diff != "" || r.Validate() != nil {
			t.Errorf("%s: %v, permissions (-want +got):\n%s", line, r.Validate(), diff)
		}
	}
	for _, broken := range []string{"a", ":", "a:", ":b", "a:b:c", "a b:c", ""} {
		r := record.Role{Key: "r", Permissions: []string{"x:y", broken}}
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "is not resource:action") {
			t.Errorf("permission %q: %v", broken, err)
		}
	}
}

func TestTableIsToldFromRecords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"user_id,email":                          "it is CSV",
		"email,\"user_id\"":                      "it is CSV",
		"Id,Email":                               "it is CSV",
		"resource_server_id,identifier":          "it is CSV",
		"my_user_id,email":                       "it is not JSON",
		`{"type":"user","key":"user_id,role_id"`: "it is not JSON",
	} {
		if _, err := record.TypeOf([]byte(line)); text(err) != "not a record from a0tojsonl: "+want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}
