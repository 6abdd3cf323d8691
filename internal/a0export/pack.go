package a0export

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/klauspost/compress/gzip"
)

// pack writes as gzip what fill writes. The default level costs a sixth of a
// core at the rate at which Auth0 is likely to send; the next faster one makes
// the file an eighth larger.
func (e *exporter) pack(out io.Writer, snapshotTime func() time.Time, fill func(io.Writer) error) error {
	packed := gzip.NewWriter(out)
	packed.ModTime = noTime
	rows := bufio.NewWriterSize(dated{packed, snapshotTime}, 64<<10)
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

// dated asks for the time in the gzip header with the first bytes.
type dated struct {
	*gzip.Writer

	time func() time.Time
}

// noTime is how gzip says that there is no time (RFC 1952, MTIME).
var noTime = time.Unix(0, 0)

func (d dated) Write(p []byte) (int, error) {
	// The header has 32 bits for it, and a time beyond them would become another.
	if at := d.time(); d.ModTime.Equal(noTime) && at.After(noTime) && at.Unix() <= math.MaxUint32 {
		d.ModTime = at
	}
	return d.Writer.Write(p)
}

func outputError(err error) error { return fmt.Errorf("output: %w", err) }

// older returns the earlier of two times, zero where one of them is not known.
func older(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && a.Before(b) {
		return a
	}
	return b
}
