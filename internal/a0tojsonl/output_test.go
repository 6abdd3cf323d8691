package a0tojsonl_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"a0permit/internal/a0tojsonl"
	"a0permit/internal/a0tojsonl/sample"
	"a0permit/internal/tool"
)

// fullDisk is a writer that always fails, like a full disk.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestOutputError(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 100_000} {
		var errs bytes.Buffer
		code := a0tojsonl.Run(t.Context(), []string{"a0tojsonl"}, sample.New(rows), fullDisk{}, &errs)
		want := "a0tojsonl: error: output: disk full\n"
		if code != tool.Stopped || !strings.HasPrefix(errs.String(), want) {
			t.Errorf("%d rows: exit %d, stderr %q, want %q", rows, code, errs.String(), want)
		}
	}
}
