// Package intake reads a stream of records: it validates every line, adds what it asks
// for to a reconcile.Desired, and keeps the text on disk, so that a line can be read
// again. It does not call Permit.
package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"a0permit/internal/idhash"
	"a0permit/internal/jsonl"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/spool"
)

// Input is everything that was read.
type Input struct {
	Catalogue []CatalogueLine // lines of resources, roles and tenants
	Rejects   []Reject        // invalid lines, in the order of the input
	Ends      Ends            // what the end lines say
	Cut       *Cut            // the last line of a source that broke off; nil for none
	In        map[string]int  // lines by type
	Repeats   int             // user lines that repeat an earlier one

	desired *reconcile.Desired
	hasher  idhash.Hasher
	sources []source
	spool   *spool.File // of what cannot be read again in place
	users   []Line      // by the user's number
}

// source is one of the inputs.
type source struct {
	io.ReaderAt
	name string
	base int64 // offset of its first byte
}

// Line locates a line: its source, its offset and its size in bytes. Its sum shows
// whether it has changed.
type Line struct {
	offset int64
	sum    uint64
	size   uint32
	source uint32
}

// IsLong reports whether a line is too long for memory.
func (l Line) IsLong() bool { return l.size > jsonl.MaxText }

// CatalogueLine is the line of a resource, a role or a tenant.
type CatalogueLine struct {
	Line
	Type, Key string
}

// Reject is an invalid line, or one that differs from an earlier line of its key.
type Reject struct {
	Line
	Type  string
	Fault record.Fault
}

// Cut is an incomplete last line: its source broke off.
type Cut struct {
	Where  string // the source, and the number of the line
	IsFile bool   // the source can be read again in place
}

// Ends combines the end lines of a stream.
type Ends struct {
	Count      int
	AsOf       time.Time // the oldest; zero if one of them has none
	Incomplete bool
	Reason     string         // why it is incomplete, if an end line says
	Counted    map[string]int // lines by type, according to the end lines

	undated bool
}

// New returns an Input that adds to desired what it reads.
func New(desired *reconcile.Desired) *Input {
	return &Input{
		desired: desired, hasher: idhash.New(), In: map[string]int{}, Ends: Ends{Counted: map[string]int{}},
	}
}

// Close releases the lines.
func (in *Input) Close() {
	if in.spool != nil {
		_ = in.spool.Close() // only a temporary file
	}
}

var bom = []byte("\ufeff") // written by Windows editors

// Read reads all lines of a source. again reads the source a second time in place. If
// again is nil, as for a pipe, the lines are copied to a temporary file. An error means
// that the stream as a whole cannot be loaded.
func (in *Input) Read(name string, from io.Reader, again io.ReaderAt) error {
	src := source{ReaderAt: again, name: name}
	if again == nil {
		if in.spool == nil {
			var err error
			if in.spool, err = spool.New(); err != nil {
				return err
			}
		}
		src.ReaderAt, src.base = in.spool, in.spool.Size()
		from = io.TeeReader(from, in.spool)
	}
	number := uint32(len(in.sources)) //nolint:gosec // nobody names 4 billion files
	in.sources = append(in.sources, src)
	for reader := jsonl.NewReader(from); ; {
		line, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, jsonl.ErrLong):
			return fmt.Errorf("%s: %w", name, err)
		case err != nil:
			return err
		}
		text := bytes.TrimPrefix(line.Text, bom)
		skipped := int64(len(line.Text) - len(text))
		at := Line{
			offset: src.base + line.Offset + skipped, source: number,
			size: uint32(line.Size - skipped), //nolint:gosec // a line is at most 1 GiB
		}
		if at.size == 0 { // only a byte order mark
			continue
		}
		if line.Open && isCut(text, at) {
			in.markConflicts(text)
			in.Cut = &Cut{fmt.Sprintf("%s: line %d", name, line.Number), again != nil}
			continue
		}
		if err := in.take(text, at); err != nil {
			return fmt.Errorf("%s: line %d: %w", name, line.Number, err)
		}
	}
}

// isCut reports whether a line without a line end is an incomplete object.
func isCut(text []byte, at Line) bool {
	if !bytes.HasPrefix(text, []byte("{")) || at.IsLong() {
		return false
	}
	_, isWhole := jsonl.Depth(text)
	return !isWhole
}
