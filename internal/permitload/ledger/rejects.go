package ledger

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/record"
)

// rejectWriter writes the lines that were not loaded to stdout, complete, so that they
// can be loaded again. A terminal gets keys and reasons instead.
type rejectWriter struct {
	w        io.Writer
	terminal bool
	shown    int
	broken   bool // a write has failed, and the error was returned
}

// ErrRejects means that stdout cannot be written to. Lines that are not loaded would be
// lost, so nothing more is sent to Permit.
var ErrRejects = errors.New("write what was not loaded to stdout")

// maxShown is the most lines that a terminal shows.
const maxShown = 20

// isLoadable reports whether the output can be loaded again.
func (o *rejectWriter) isLoadable() bool { return !o.terminal && !o.broken }

func (o *rejectWriter) put(line []byte, f record.Fault) error {
	if o.broken {
		return nil
	}
	if o.terminal {
		return o.show(line, f)
	}
	f.At = time.Now().UTC().Format(time.RFC3339)
	text, err := jsonl.SetField(line, "error", f)
	if err != nil {
		return err
	}
	_, err = o.w.Write(append(text, '\n'))
	return o.check(err)
}

// putLong is like put, for a line that is too long for memory. An error of an earlier
// load stays in the line: it does not matter which of the two counts.
func (o *rejectWriter) putLong(line *io.SectionReader, f record.Fault) error {
	if o.broken {
		return nil
	}
	if o.terminal {
		beginning := make([]byte, 4<<10)
		_, err := line.ReadAt(beginning, 0)
		return errors.Join(err, o.show(beginning, f))
	}
	f.At = time.Now().UTC().Format(time.RFC3339)
	end, err := jsonl.Marshal(map[string]any{"error": f})
	if err != nil {
		return err
	}
	if _, err = io.CopyN(o.w, line, line.Size()-1); err == nil { // all but the last brace
		_, err = fmt.Fprintf(o.w, ",%s\n", end[1:])
	}
	return o.check(err)
}

// show prints the keys and the fault of a line. line may be only its beginning.
func (o *rejectWriter) show(line []byte, f record.Fault) error {
	o.shown++
	switch {
	case o.shown <= maxShown:
		text := fmt.Sprintf("%s: %s: %s", strings.Join(record.Keys(line), ", "), f.Code, f.Message)
		_, err := fmt.Fprintln(o.w, strings.ReplaceAll(text, "\n", `\n`)) // a key must not start a new line
		return o.check(err)
	case o.shown == maxShown+1:
		_, err := fmt.Fprintln(o.w, "... permitload ... > left.jsonl keeps them all, to be fed again")
		return o.check(err)
	}
	return nil
}

func (o *rejectWriter) check(err error) error {
	if err != nil {
		o.broken = true
		return fmt.Errorf("%w: %w", ErrRejects, err)
	}
	return nil
}
