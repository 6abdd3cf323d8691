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

// rejectWriter is stdout: lines that were not loaded, whole, so that they can be
// loaded again. A terminal gets keys and reasons instead.
type rejectWriter struct {
	w        io.Writer
	terminal bool
	shown    int
	broken   bool // it has failed, and said so
}

// ErrRejects is a stdout that cannot be written to: what was not loaded would be
// lost, so nothing more is sent.
var ErrRejects = errors.New("write what was not loaded to stdout")

// onTerminal is how many lines a terminal is shown.
const onTerminal = 20

// isWhole reports whether what was put can be loaded again.
func (o *rejectWriter) isWhole() bool { return !o.terminal && !o.broken }

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

// putLong does what put does with a line that is too long for memory. An error of
// an earlier load stays in it: which of the two counts is of no interest.
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

// show shows people a line, or the beginning of one.
func (o *rejectWriter) show(line []byte, f record.Fault) error {
	o.shown++
	switch {
	case o.shown <= onTerminal:
		text := fmt.Sprintf("%s: %s: %s", strings.Join(record.Keys(line), ", "), f.Code, f.Message)
		_, err := fmt.Fprintln(o.w, strings.ReplaceAll(text, "\n", `\n`)) // a key begins no line of its own
		return o.check(err)
	case o.shown == onTerminal+1:
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
