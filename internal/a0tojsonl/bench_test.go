package a0tojsonl_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"a0permit/internal/a0tojsonl"
	"a0permit/internal/a0tojsonl/sample"
)

func BenchmarkConvert(b *testing.B) {
	const rows = 100_000
	data, err := io.ReadAll(sample.New(rows))
	if err != nil {
		b.Fatal(err)
	}
	args := []string{"a0tojsonl", "-q", "--attributes", "all"}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		code := a0tojsonl.Run(context.Background(), args, bytes.NewReader(data), io.Discard, io.Discard)
		if code != 0 {
			b.Fatalf("exit %d", code)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
