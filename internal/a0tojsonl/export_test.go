package a0tojsonl

import (
	"context"
	"io"
)

// RunParallel is Run with a number of workers and a chunk size in bytes.
func RunParallel(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, workers, chunk int) int {
	return runParallel(ctx, args, in, out, errs, parallelism{workers: workers, chunk: chunk})
}
