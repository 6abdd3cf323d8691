package a0tojsonl_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

var update = flag.Bool("update", false, "update the golden files")

// The files are inputs as other tools write them. No exports of these tools have been
// recorded, so some files are what we expect of them.
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
			checkSchema(t, plain.out)
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
			halves := compress(t, time.Time{}, in[:half]) + compress(t, time.Time{}, in[half:])
			for how, got := range map[string]result{
				"plain":          plain,
				"gzip":           runOn(t, compress(t, time.Time{}, in), "--attributes", "all"),
				"gzip members":   runOn(t, halves, "--attributes", "all"),
				"a file":         runOn(t, "", "--attributes", "all", file),
				"tiny chunks":    runParallel(t, in, 3, 7, "--attributes", "all"),
				"one worker":     runParallel(t, in, 1, 64, "--attributes", "all"),
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

// otherLineEnds returns in with LF instead of CRLF, or CRLF instead of LF. In cells both
// become LF.
func otherLineEnds(in string) string {
	if strings.Contains(in, "\r\n") {
		return strings.ReplaceAll(in, "\r\n", "\n")
	}
	return strings.ReplaceAll(in, "\n", "\r\n")
}
