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

func (o *rejectWriter) put(line []byte, f record.Fault) error {
	if o.broken {
		return nil
	}
	f.At = time.Now().UTC().Format(time.RFC3339)
	if o.terminal {
		o.shown++
		switch {
		case o.shown <= onTerminal:
			text := fmt.Sprintf("%s: %s: %s", record.Key(line), f.Code, f.Message)
			_, err := fmt.Fprintln(o.w, strings.ReplaceAll(text, "\n", `\n`)) // a key begins no line of its own
			return o.check(err)
		case o.shown == onTerminal+1:
			_, err := fmt.Fprintln(o.w, "... permitload ... > left.jsonl keeps them all, to be fed again")
			return o.check(err)
		}
		return nil
	}
	text, err := jsonl.SetField(line, "error", f)
	if err != nil {
		return err
	}
	_, err = o.w.Write(append(text, '\n'))
	return o.check(err)
}

func (o *rejectWriter) check(err error) error {
	if err != nil {
		o.broken = true
		return fmt.Errorf("%w: %w", ErrRejects, err)
	}
	return nil
}
