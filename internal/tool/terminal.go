package tool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"
)

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	is := false
	return control(source(stream), func(fd uintptr) { is = term.IsTerminal(int(fd)) }) == nil && is
}

// control calls do with the descriptor of a file. Unlike Fd, it keeps reads from the file
// interruptible.
func control(stream any, do func(fd uintptr)) error {
	f, ok := stream.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Control(do)
}

// ErrNoTerminal is the error of Ask if nobody can be asked.
var ErrNoTerminal = errors.New("there is no terminal to ask on")

// Ask asks a yes-or-no question on the terminal itself, since stdin and stdout carry
// data. Any answer but y or yes is no, and so is anything typed before the question. Ask
// gives up when ctx ends.
func (t *Tool) Ask(ctx context.Context, question string) (bool, error) {
	if t.Terminal == nil {
		return false, ErrNoTerminal
	}
	tty, err := t.Terminal()
	if err != nil {
		return false, ErrNoTerminal
	}
	defer tty.Close() //nolint:errcheck // no data is lost
	if t, ok := tty.(interface{ DiscardInput() error }); ok {
		if err := t.DiscardInput(); err != nil {
			return false, fmt.Errorf("ask on the terminal: %w", err)
		}
	}
	t.setAsking(true)
	defer t.setAsking(false)
	screen := newStream(tty)
	screen.ctx = ctx
	if _, err := fmt.Fprintf(screen, "%s: %s [y/N] ", t.Name, oneLine(question)); err != nil {
		return false, fmt.Errorf("ask on the terminal: %w", err)
	}
	type reply struct {
		line string
		err  error
	}
	replies := make(chan reply, 1)
	go func() {
		line, err := bufio.NewReader(tty).ReadString('\n')
		replies <- reply{line, err}
	}()
	var answer reply
	select {
	case answer = <-replies:
	case <-ctx.Done():
		_, _ = fmt.Fprintln(screen) // the next output begins a line
		if wakeable, ok := tty.(deadliner); ok && wakeable.SetReadDeadline(time.Unix(1, 0)) == nil {
			<-replies
		} // or the goroutine ends with the process, like a read of stdin
		return false, context.Cause(ctx)
	}
	if answer.err != nil && !errors.Is(answer.err, io.EOF) {
		return false, fmt.Errorf("read the answer from the terminal: %w", answer.err)
	}
	if answer.err != nil { // Ctrl-D: the cursor is still behind the question
		_, _ = fmt.Fprintln(screen)
	}
	word := strings.ToLower(strings.TrimSpace(answer.line))
	return word == "y" || word == "yes", nil
}
