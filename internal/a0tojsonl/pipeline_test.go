package a0tojsonl_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The output is the same for any number of workers and any chunk size.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	for table := range 4 {
		in.WriteString("user_id,email,given_name,roles,user_id_note\n,no@id.example,x,,\n")
		for i := range 300 {
			fmt.Fprintf(&in, "'auth0|%d,'u%d@acme.com,\"'two\n\"\"lines\"\" %d\",", i, i, i)
			fmt.Fprintf(&in, "\"[\"\"Role %d\"\",\"\"role  %d\"\"]\",\"user_id\nx\"\n", i%70*table, i%40)
			switch i % 50 {
			case 7:
				in.WriteString("'auth0|ragged,x\n\n")
			case 9:
				in.WriteString("'auth0|9,broken,x,[],\r\n")
			case 11:
				in.WriteString("'auth0|11,,\xff,[],user_id\n")
			case 13:
				in.WriteString("'auth0|13,,x\ry,[],\n'auth0|14,,\"x\ry\",[],\n'auth0|15,,,[],\x00\n")
			case 15:
				in.WriteString("16,,,[],\nauth0|17,x@acme.com,'y,[],\n")
			}
		}
		in.WriteString("role_id,name\nrol_1,\"two\nlines\"\nrol_2,\norganization_id,name\norg_1,x\n")
	}
	// These are more rows without text than the sample that decides the escaping.
	in.WriteString("user_id,x\n" + strings.Repeat("7,\n8,-1.5\n", 7000) + "9,'x\nauth0|10,'y\n11,z\n'12,'z\n")
	for _, broken := range []string{"", "\"a\"b\n", "1,\"never closed\n\n2,x\n"} {
		stream := in.String() + broken
		run := func(workers, chunk int) (result, string) {
			path := filepath.Join(t.TempDir(), "rejects.csv")
			got := runParallel(t, stream, workers, chunk, "--attributes", "all", "--rejects", path)
			got.err = got.messages()
			data, _ := os.ReadFile(path) // no file is left if the run has stopped
			return got, string(data)
		}
		want, wantRejects := run(1, 1<<20)
		for _, workers := range []int{1, 2, 5} {
			for _, chunk := range []int{1, 61, 1000, 4096, 70_000} {
				got, gotRejects := run(workers, chunk)
				if got != want || gotRejects != wantRejects {
					diff := cmp.Diff(want.out+want.err+wantRejects, got.out+got.err+gotRejects)
					t.Errorf("%d workers, chunks of %d: exit %d, want %d as with one worker and one chunk\n%s",
						workers, chunk, got.code, want.code, diff)
					return
				}
			}
		}
	}
}
