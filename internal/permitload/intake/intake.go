// Package intake reads a stream of records: it validates every line, adds what
// it asks for to a reconcile.Desired, and keeps the text on disk, so that a line
// can be read again. It asks Permit nothing.
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

// Input is all that was read.
type Input struct {
	Catalogue []CatalogueLine // lines of resources, roles and tenants
	Rejects   []Reject        // lines that break a rule, in the order of the input
	Ends      Ends            // what the end lines say
	Cut       *Cut            // the last line of a source that broke off; nil for none
	In        map[string]int  // lines by type
	Repeats   int             // user lines that say again what an earlier one said

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
	base int64 // where it begins
}

// Line is where a line stands: in which source, from which byte, how long. Its sum
// tells whether it is there still.
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

// Reject is a line that breaks a rule.
type Reject struct {
	Line
	Type  string
	Fault record.Fault
}

// Cut is a line of which the end is missing: its source broke off.
type Cut struct {
	Where  string // the source, and the number of the line
	IsFile bool   // the source can be read again in place
}

// Ends is what the end lines of a stream say together.
type Ends struct {
	Count      int
	AsOf       time.Time // the oldest; zero where one of them does not say
	Incomplete bool
	Reason     string         // why it is incomplete, where an end line says so
	Counted    map[string]int // lines by type, as they say

	undated bool
}

// New returns an Input that adds to desired what it reads.
func New(desired *reconcile.Desired) *Input {
	return &Input{
		desired: desired, hasher: idhash.New(), In: map[string]int{}, Ends: Ends{Counted: map[string]int{}},
	}
}

// Close lets go of the lines.
func (in *Input) Close() {
	if in.spool != nil {
		_ = in.spool.Close() // only a temporary file
	}
}

var bom = []byte("\ufeff") // of a Windows editor

// Read reads all lines of a source. again reads it a second time in place; where
// it is nil, as for a pipe, the lines go through a temporary file. An error
// means that the stream as a whole cannot be loaded.
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
		if at.size == 0 { // the mark alone
			continue
		}
		if line.Open && isCut(text, at) {
			in.spoilUsers(text)
			in.Cut = &Cut{fmt.Sprintf("%s: line %d", name, line.Number), again != nil}
			continue
		}
		if err := in.take(text, at); err != nil {
			return fmt.Errorf("%s: line %d: %w", name, line.Number, err)
		}
	}
}

// isCut reports whether a line that lacks its line end is the beginning of an object,
// and no more than that.
func isCut(text []byte, at Line) bool {
	if !bytes.HasPrefix(text, []byte("{")) || at.IsLong() {
		return false
	}
	_, isWhole := jsonl.Depth(text)
	return !isWhole
}
