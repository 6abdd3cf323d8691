package a0export

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// However many rows there are, and so wherever the reader's buffer is used
// again, each row ends as the header did.
func TestJoinEndsEveryRowAsTheHeader(t *testing.T) {
	t.Parallel()
	for _, newline := range []string{"\n", "\r\n"} {
		for rows := range 400 {
			var in, want strings.Builder
			in.WriteString("\"user_id\",\"email\"" + newline)
			want.WriteString("\"user_id\",\"email\",roles" + newline)
			for i := range rows {
				row := fmt.Sprintf(`"'auth0|%024d","'user%d@acme.example"`, i, i)
				in.WriteString(row + newline)
				want.WriteString(row + ",[]" + newline)
			}
			var out bytes.Buffer
			if _, err := join(t.Context(), strings.NewReader(in.String()), &out, with(newHolders()), nil); err != nil {
				t.Fatalf("%d rows: %v", rows, err)
			}
			if out.String() != want.String() {
				t.Fatalf("%d rows that end in %q: the output is not the input with a column roles", rows, newline)
			}
		}
	}
}
