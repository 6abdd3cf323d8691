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

	"a0permit/internal/jsonl"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/spool"
)

// Input is all that was read.
type Input struct {
	Catalogue []CatalogueLine // lines of roles and tenants
	Rejects   []Reject        // lines that break a rule, in the order of the input
	Ends      Ends            // what the end lines say
	In        map[string]int  // lines by type
	Repeats   int             // user lines that say again what an earlier one said

	desired *reconcile.Desired
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

// Line is where a line stands: in which source, from which byte, how long.
type Line struct {
	offset int64
	size   uint32
	source uint16
}

// CatalogueLine is the line of a role or a tenant.
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

// Ends is what the end lines of a stream say together.
type Ends struct {
	Count      int
	AsOf       time.Time // the oldest; zero where one of them does not say
	Incomplete bool
	Reason     string // why it is incomplete, where an end line says so

	undated bool
}

// New returns an Input that adds to desired what it reads.
func New(desired *reconcile.Desired) *Input { return &Input{desired: desired, In: map[string]int{}} }

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
	number := uint16(len(in.sources)) //nolint:gosec // nobody names 65,536 files
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
		at := Line{
			offset: src.base + line.Offset + int64(len(line.Text)-len(text)),
			size:   uint32(len(text)), //nolint:gosec // a line is at most 16 MiB
			source: number,
		}
		if err := in.take(text, at); err != nil {
			return fmt.Errorf("%s: line %d: %w", name, line.Number, err)
		}
	}
}

// take adds one line. An error means that the stream is not ours.
func (in *Input) take(text []byte, at Line) error {
	kind, err := record.TypeOf(text)
	if err != nil {
		return err
	}
	if kind == record.TypeEnd {
		return in.takeEnd(text)
	}
	in.In[kind]++
	switch kind {
	case record.TypeUser:
		in.takeUser(text, at)
	case record.TypeRole:
		r := &record.Role{}
		if in.accept(at, kind, record.Parse(text, r), r.Validate) {
			in.desired.WantRole(r)
			in.Catalogue = append(in.Catalogue, CatalogueLine{at, kind, r.Key})
		}
	case record.TypeTenant:
		t := &record.Tenant{}
		if in.accept(at, kind, record.Parse(text, t), t.Validate) {
			in.desired.WantTenant(t)
			in.Catalogue = append(in.Catalogue, CatalogueLine{at, kind, t.Key})
		}
	}
	return nil
}

func (in *Input) takeUser(text []byte, at Line) {
	u := &record.User{}
	if !in.accept(at, record.TypeUser, record.Parse(text, u), u.Validate) {
		if key := record.Key(text); key != "" {
			in.desired.SpoilUser(key)
		}
		return
	}
	switch in.desired.WantUser(u) {
	case reconcile.First:
		in.users = append(in.users, at)
	case reconcile.Repeated:
		in.Repeats++
	case reconcile.Differing:
		in.Rejects = append(in.Rejects, Reject{at, record.TypeUser, reconcile.DifferingLines})
	}
}

// accept reports whether a line decodes and breaks no rule; else it is a
// reject.
func (in *Input) accept(at Line, kind string, err error, rule func() error) bool {
	if err == nil {
		err = rule()
	}
	if err != nil {
		in.Rejects = append(in.Rejects, Reject{at, kind, record.Fault{Code: "invalid_record", Message: err.Error()}})
	}
	return err == nil
}

func (in *Input) takeEnd(text []byte) error {
	var end record.End
	if err := record.Parse(text, &end); err != nil {
		return fmt.Errorf("%w: an end line: %w", record.ErrForeign, err)
	}
	in.Ends.Count++
	if !end.Complete && !in.Ends.Incomplete {
		in.Ends.Incomplete, in.Ends.Reason = true, end.Reason
	}
	if end.AsOf == "" {
		in.Ends.AsOf, in.Ends.undated = time.Time{}, true
		return nil
	}
	at, err := time.Parse(time.RFC3339, end.AsOf)
	if err != nil {
		return fmt.Errorf("%w: an end line: as_of is not a time", record.ErrForeign)
	}
	if oldest := in.Ends.AsOf; !in.Ends.undated && (oldest.IsZero() || at.Before(oldest)) {
		in.Ends.AsOf = at
	}
	return nil
}

// UserLine returns where the line of user i stands.
func (in *Input) UserLine(i int) Line { return in.users[i] }

// Text reads a line again.
func (in *Input) Text(l Line) ([]byte, error) {
	text := make([]byte, l.size)
	if _, err := in.sources[l.source].ReadAt(text, l.offset); err != nil {
		return nil, fmt.Errorf("read the input again: %w", err)
	}
	return text, nil
}

// User reads the line of user i again.
func (in *Input) User(i int) (*record.User, error) {
	text, err := in.Text(in.users[i])
	if err != nil {
		return nil, err
	}
	u := &record.User{}
	if err := record.Decode(text, u); err != nil {
		return nil, fmt.Errorf("read the input again: it has changed: %w", err)
	}
	return u, nil
}

// Where returns the source and the number of a line, for people. It counts the
// lines before it, since a number for each would be memory for nothing.
func (in *Input) Where(l Line) (string, error) {
	src := in.sources[l.source]
	number, block := 1, make([]byte, 1<<20)
	for from := src.base; from < l.offset; {
		n, err := src.ReadAt(block[:min(int64(len(block)), l.offset-from)], from)
		if n == 0 {
			return "", fmt.Errorf("read the input again: %w", err)
		}
		number += bytes.Count(block[:n], []byte{'\n'})
		from += int64(n)
	}
	return fmt.Sprintf("%s: line %d", src.name, number), nil
}
