package a0tojsonl_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"a0permit/internal/record"
	"a0permit/internal/tool"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Whole inputs, as the tools that make them write them, or as the facts known of
// these tools make us expect: no recorded export was to be had.
func TestDialects(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/dialects/*.csv")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := string(data)
			plain := runOn(t, in, "--attributes", "all")
			if plain.code != tool.Done && plain.code != tool.Rejected {
				t.Fatalf("exit %d; stderr:\n%s", plain.code, plain.err)
			}
			holdAgainstSchema(t, plain.out)
			golden := strings.TrimSuffix(file, ".csv") + ".jsonl"
			if *update {
				if err := os.WriteFile(golden, []byte(plain.out), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			half := len(in) / 2
			for how, got := range map[string]result{
				"plain":          plain,
				"gzip":           runOn(t, zip(t, time.Time{}, in), "--attributes", "all"),
				"gzip members":   runOn(t, zip(t, time.Time{}, in[:half])+zip(t, time.Time{}, in[half:]), "--attributes", "all"),
				"a file":         runOn(t, "", "--attributes", "all", file),
				"tiny chunks":    runPaced(t, in, 3, 7, "--attributes", "all"),
				"one worker":     runPaced(t, in, 1, 64, "--attributes", "all"),
				"as -":           runOn(t, in, "--attributes", "all", "-"),
				"in CRLF or not": runOn(t, otherLineEnds(in), "--attributes", "all"),
			} {
				if diff := cmp.Diff(string(want), got.out); diff != "" {
					t.Errorf("%s: stdout (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

// otherLineEnds makes LF of CRLF, or the other way round. Within cells both
// become LF.
func otherLineEnds(in string) string {
	if strings.Contains(in, "\r\n") {
		return strings.ReplaceAll(in, "\r\n", "\n")
	}
	return strings.ReplaceAll(in, "\n", "\r\n")
}

// schema is what --schema prints, compiled.
var schema = sync.OnceValue(func() *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(record.Schema))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("line.json", doc); err != nil {
		panic(err)
	}
	return c.MustCompile("line.json")
})

// holdAgainstSchema holds every line to the JSON Schema that --schema prints,
// and returns the types of line seen.
func holdAgainstSchema(t testing.TB, stream string) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for line := range strings.Lines(stream) {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if err := schema().Validate(v); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if object, ok := v.(map[string]any); ok {
			kind, _ := object["type"].(string)
			seen[kind] = true
		}
	}
	return seen
}

func TestSchema(t *testing.T) {
	t.Parallel()
	printed := runOn(t, "", "--schema")
	if printed.code != tool.Done || printed.out != string(record.Schema) || printed.err != "" {
		t.Errorf("--schema: exit %d, stderr %q, %d bytes", printed.code, printed.err, len(printed.out))
	}
	const in = "role_id,name,description\nrol_1,Admin,d\norganization_id,name\norg_1,a\nuser_id,email,given_name,family_name,n,j,roles,organizations\n" +
		`u,a@b.co,x,y,1.5,"{""a"":[1]}","[""Admin""]","[{""id"":""org_1"",""roles"":[""B""]}]"` + "\nv,,,,,,,\n"
	got := runOn(t, in, "--attribute", "n:number", "--attribute", "j=k:json", "--as-of", "2026-01-02T03:04:05Z")
	if seen := holdAgainstSchema(t, got.out); got.code != tool.Done || len(seen) != 4 {
		t.Errorf("exit %d, lines of %v; want all four kinds; stderr %s", got.code, seen, got.err)
	}
	holdAgainstSchema(t, runOn(t, "user_id\n\"").out) // not complete, and why
	for _, line := range []string{`{}`, `{"type":"user"}`, `{"type":"user","key":"a b"}`, `{"type":"role","key":"a|b"}`, `{"type":"user","key":"a","emial":"x"}`, `{"type":"other","key":"a"}`, `{"type":"end","complete":true}`} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if schema().Validate(v) == nil {
			t.Errorf("the schema takes %s", line)
		}
	}
}
