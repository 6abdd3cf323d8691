package a0export

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/klauspost/compress/gzip"
)

// pack compresses what fill writes, and puts snapshotTime into the gzip header. At
// Auth0's likely speed the default level takes a sixth of a core; the next faster one
// would make the file an eighth larger.
func (e *exporter) pack(out io.Writer, snapshotTime func() time.Time, fill func(io.Writer) error) error {
	packed := gzip.NewWriter(out)
	packed.ModTime = noTime
	rows := bufio.NewWriterSize(headerWriter{packed, snapshotTime}, 64<<10)
	if err := fill(rows); err != nil {
		return err
	}
	if err := rows.Flush(); err != nil {
		return outputError(err)
	}
	if err := packed.Close(); err != nil {
		return outputError(err)
	}
	if packed.ModTime.Equal(noTime) {
		e.tool.Warn("Auth0 does not say when the export was made, which permitload --roles replace needs to know")
		e.tool.Hint("a0tojsonl --as-of TIME sets it")
	}
	return nil
}

// headerWriter sets the time in the gzip header at the first write: it is not known
// before the first rows.
type headerWriter struct {
	*gzip.Writer

	time func() time.Time
}

// noTime means that a gzip header has no time (RFC 1952, MTIME).
var noTime = time.Unix(0, 0)

func (w headerWriter) Write(p []byte) (int, error) {
	// The header has 32 bits for the time. A later time would wrap around.
	if at := w.time(); w.ModTime.Equal(noTime) && at.After(noTime) && at.Unix() <= math.MaxUint32 {
		w.ModTime = at
	}
	return w.Writer.Write(p)
}

func outputError(err error) error { return fmt.Errorf("output: %w", err) }

// earlier returns the earlier of two times, or zero if one of them is unknown.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && a.Before(b) {
		return a
	}
	return b
}
