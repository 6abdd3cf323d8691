package record_test

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"a0permit/internal/jsonl"
	"a0permit/internal/record"
)

// A null differs from an absent field, is written again, and is allowed by the schema.
func TestNullsOfAUser(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]record.Fields{
		``:                                      0,
		`,"email":null`:                         record.Email,
		`,"first_name":"null","last_name":null`: record.LastName,
		`,"attributes":{"email":null}`:          0,
		`,"attributes":null,"first_name":null`:  record.Attributes | record.FirstName,
		`,"first_name":"<A>","role_assignments":[{"role":"r"}],"email":null`: record.Email,
	} {
		line := `{"type":"user","key":"a"` + fields + `}`
		var u, again record.User
		if err := record.Parse([]byte(line), &u); err != nil || u.Nulls != want {
			t.Errorf("%s: nulls %v, %v; want %v", line, u.Nulls, err, want)
		}
		text, err := jsonl.Marshal(u)
		if err == nil {
			err = record.Decode(text, &again)
		}
		if twice, _ := jsonl.Marshal(&again); err != nil || again.Nulls != want || !bytes.Equal(twice, text) {
			t.Errorf("%s became %s and %s, %v", line, text, twice, err)
		}
		checkSchema(t, line, true)
	}
	if err := record.Parse([]byte(`{"type":"user","key":"a","em\u0061il":null}`), &record.User{}); err != nil {
		t.Error(err)
	}
}

// A null that cannot remove anything is refused, also by the schema.
func TestNullThatIsRefused(t *testing.T) {
	t.Parallel()
	check := func(line string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s is taken", line)
		}
		checkSchema(t, line, false)
	}
	line := `{"type":"user","key":"a","role_assignments":null}`
	check(line, record.Parse([]byte(line), &record.User{}))
	var u record.User
	line = `{"type":"user","key":null}`
	if err := record.Parse([]byte(line), &u); err != nil {
		t.Error(err)
	}
	check(line, u.Validate())
	for _, field := range []string{"name", "attributes"} {
		line = `{"type":"tenant","key":"a","` + field + `":null}`
		check(line, record.Parse([]byte(line), &record.Tenant{}))
		line = `{"type":"role","key":"a","` + field + `":null}`
		check(line, record.Parse([]byte(line), &record.Role{}))
	}
}

func checkSchema(t *testing.T, line string, isValid bool) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(record.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("line.json", doc); err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(line)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MustCompile("line.json").Validate(value); (err == nil) != isValid {
		t.Errorf("the schema of %s: %v", line, err)
	}
}
