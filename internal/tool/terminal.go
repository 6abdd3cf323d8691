package tool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/term"
)

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

// ErrNoTerminal is Ask's error when there is nobody to ask.
var ErrNoTerminal = errors.New("there is no terminal to ask on")

// Ask asks a yes-or-no question on the terminal itself, since stdin and stdout
// carry data. Any answer but y or yes is no. Ask gives up when ctx ends.
func (t *Tool) Ask(ctx context.Context, question string) (bool, error) {
	if t.Terminal == nil {
		return false, ErrNoTerminal
	}
	tty, err := t.Terminal()
	if err != nil {
		return false, ErrNoTerminal
	}
	defer tty.Close() //nolint:errcheck // no data is lost
	if _, err := fmt.Fprintf(tty, "%s: %s [y/N] ", t.Name, question); err != nil {
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
		_, _ = fmt.Fprintln(tty) // what is printed next begins a line
		if wakeable, ok := tty.(deadliner); ok && wakeable.SetReadDeadline(time.Unix(1, 0)) == nil {
			<-replies
		} // or else the goroutine ends with the process, like a read of stdin
		return false, context.Cause(ctx)
	}
	if answer.err != nil && !errors.Is(answer.err, io.EOF) {
		return false, fmt.Errorf("read the answer from the terminal: %w", answer.err)
	}
	if answer.err != nil { // Ctrl-D: the cursor still stands behind the question
		_, _ = fmt.Fprintln(tty)
	}
	word := strings.ToLower(strings.TrimSpace(answer.line))
	return word == "y" || word == "yes", nil
}
