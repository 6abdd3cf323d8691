package a0tojsonl_test

import (
	"bytes"
	"context"
	"io"
	"runtime"
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
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if code := a0tojsonl.Run(context.Background(), []string{"a0tojsonl", "-q", "--attributes", "all"}, bytes.NewReader(data), io.Discard, io.Discard); code != 0 {
			b.Fatalf("exit %d", code)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

// watermark notes how much memory is in use each time it is written to.
type watermark struct{ first, most uint64 }

func (w *watermark) Write(p []byte) (int, error) {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	if w.first == 0 {
		w.first = stats.HeapAlloc
	}
	w.most = max(w.most, stats.HeapAlloc-min(stats.HeapAlloc, w.first))
	return len(p), nil
}
