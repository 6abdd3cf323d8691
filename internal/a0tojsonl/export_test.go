package a0tojsonl

import (
	"context"
	"io"
)

// RunPaced is Run with other workers and chunks.
func RunPaced(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, workers, chunk int) int {
	return runPaced(ctx, args, in, out, errs, pace{workers: workers, chunk: chunk})
}
