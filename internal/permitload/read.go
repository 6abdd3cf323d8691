package permitload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// input is all that was read: the plan's wanted side, and where each line
// stands.
type input struct {
	lines
	plan  *reconcile.Plan
	spool *tool.Spool

	users     []place // of the plan's user i
	catalogue []catalogueLine
	rejected  []rejection
	tallies   map[string]*tally

	names []string // of the sources
	bases []int64  // where each begins

	ends       int
	asOf       time.Time // the oldest of the ends'
	undated    bool      // an end does not say
	incomplete error
}

type catalogueLine struct {
	place
	kind, key string
}

// rejection is a line that broke a rule.
type rejection struct {
	place
	kind  string
	fault fault
}

var bom = []byte("\ufeff")

// tally is what became of the lines of one type.
type tally struct {
	In        int `json:"in"`
	Loaded    int `json:"loaded"`
	Unchanged int `json:"unchanged"`
	Repeated  int `json:"repeated"`
	NotLoaded int `json:"not_loaded"`
}

func newInput(plan *reconcile.Plan) *input {
	return &input{plan: plan, tallies: map[string]*tally{record.TypeUser: {}, record.TypeRole: {}, record.TypeTenant: {}}}
}

func (in *input) close() {
	if in.spool != nil {
		_ = in.spool.Close() // only a temporary file
	}
}

// read reads and validates every line of the named inputs.
func (in *input) read(ctx context.Context, t *tool.Tool, names []string) error {
	for _, name := range names {
		if err := in.readOne(ctx, t, name); err != nil {
			return err
		}
	}
	return nil
}

func (in *input) readOne(ctx context.Context, t *tool.Tool, name string) error {
	src, err := t.Open(ctx, name)
	if err != nil {
		return err
	}
	// A regular file stays open and is read in place; a pipe goes through a
	// spool, since lines are needed again.
	var base int64
	var from io.Reader = src
	source := len(in.sources)
	in.names = append(in.names, src.Name)
	if src.File != nil {
		in.sources = append(in.sources, src.File)
	} else {
		defer src.Close() //nolint:errcheck // nothing was written to it
		if in.spool == nil {
			if in.spool, err = tool.NewSpool(); err != nil {
				return readError(err)
			}
		}
		in.sources = append(in.sources, in.spool)
		base = in.spool.Size()
		from = io.TeeReader(src, in.spool)
	}
	in.bases = append(in.bases, base)
	reader := jsonl.NewReader(from)
	for {
		line, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, jsonl.ErrLong):
			return tool.Hint(fmt.Errorf("%s: %w", src.Name, err), "no user of Permit's is that long: leave that line out")
		case err != nil:
			return readError(err)
		}
		text := bytes.TrimPrefix(line.Text, bom)                                                                                   // of a Windows editor
		at := place{offset: base + line.Offset + int64(len(line.Text)-len(text)), size: uint32(len(text)), source: uint16(source)} //nolint:gosec // a line is at most 16 MiB; nobody names 65,536 files
		if err := in.take(text, at); err != nil {
			return tool.Hint(fmt.Errorf("%s: line %d: %w", src.Name, line.Number, err),
				"permitload reads the JSONL that a0tojsonl writes, one object a line; jq -c keeps it so")
		}
	}
}

// readError gives a hint where there is one. The failure of an upstream stage
// has none: the first error on the screen is the real one.
func readError(err error) error {
	if errors.Is(err, tool.ErrSpool) {
		return tool.Hint(err, "save the stream and load the file: ... > records.jsonl, then permitload records.jsonl; or set TMPDIR")
	}
	return err
}

// take adds one line. An error means that the stream is not ours.
func (in *input) take(text []byte, at place) error {
	kind, err := kind(text)
	if err != nil {
		return err
	}
	if t, ok := in.tallies[kind]; ok {
		t.In++
	}
	switch kind {
	case record.TypeUser:
		in.takeUser(text, at)
	case record.TypeRole:
		r := &record.Role{}
		if in.sound(at, kind, parse(text, r), r.Validate) {
			in.plan.WantRole(r)
			in.catalogue = append(in.catalogue, catalogueLine{at, kind, r.Key})
		}
	case record.TypeTenant:
		t := &record.Tenant{}
		if in.sound(at, kind, parse(text, t), t.Validate) {
			in.plan.WantTenant(t)
			in.catalogue = append(in.catalogue, catalogueLine{at, kind, t.Key})
		}
	case record.TypeEnd:
		return in.takeEnd(text)
	}
	return nil
}

func (in *input) takeUser(text []byte, at place) {
	u := &record.User{}
	if !in.sound(at, record.TypeUser, parse(text, u), u.Validate) {
		if key := key(text); key != "" {
			in.plan.Spoil(key)
		}
		return
	}
	switch in.plan.WantUser(u) {
	case reconcile.First:
		in.users = append(in.users, at)
	case reconcile.Repeated:
		in.tallies[record.TypeUser].Repeated++
	case reconcile.Differing:
		in.reject(at, record.TypeUser, "differing_lines", "another line has this key and differs")
	}
}

// sound rejects a line that does not decode or that breaks a rule.
func (in *input) sound(at place, kind string, err error, rule func() error) bool {
	if err == nil {
		err = rule()
	}
	if err != nil {
		in.reject(at, kind, "invalid_record", err.Error())
		return false
	}
	return true
}

func (in *input) reject(at place, kind, code, message string) {
	in.rejected = append(in.rejected, rejection{at, kind, fault{Code: code, Message: message}})
}

// where says where a line stands. The lines before it are counted, since a number
// for each line would be memory for nothing.
func (in *input) where(at place) (string, error) {
	number, block := 1, make([]byte, 1<<20)
	for from := in.bases[at.source]; from < at.offset; {
		n, err := in.sources[at.source].ReadAt(block[:min(int64(len(block)), at.offset-from)], from)
		if n == 0 {
			return "", fmt.Errorf("read the input again: %w", err)
		}
		number += bytes.Count(block[:n], []byte{'\n'})
		from += int64(n)
	}
	return fmt.Sprintf("%s: line %d", in.names[at.source], number), nil
}

func (in *input) takeEnd(text []byte) error {
	var end record.End
	if err := parse(text, &end); err != nil {
		return fmt.Errorf("%w: an end line: %w", errForeign, err)
	}
	in.ends++
	if !end.Complete && in.incomplete == nil {
		why := ""
		if end.Reason != "" {
			why = ": " + end.Reason
		}
		in.incomplete = fmt.Errorf("the input says that it is not complete%s", why)
	}
	if end.AsOf == "" {
		in.undated = true
		return nil
	}
	at, err := time.Parse(time.RFC3339, end.AsOf)
	if err != nil {
		return fmt.Errorf("%w: an end line: as_of is not a time", errForeign)
	}
	if in.asOf.IsZero() || at.Before(in.asOf) {
		in.asOf = at
	}
	return nil
}
