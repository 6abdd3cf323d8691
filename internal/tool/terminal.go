package tool

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"
)

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

// ErrNoTerminal is Ask's answer where there is nobody to ask.
var ErrNoTerminal = errors.New("there is no terminal to ask on")

// Ask puts a yes-or-no question on the terminal itself, since stdin and stdout
// carry data. Anything but y or yes is no.
func (t *Tool) Ask(question string) (bool, error) {
	tty, err := openTerminal()
	if err != nil {
		return false, ErrNoTerminal
	}
	defer tty.Close() //nolint:errcheck // nothing of ours is in it
	if _, err := fmt.Fprintf(tty, "%s: %s [y/N] ", t.Name, question); err != nil {
		return false, fmt.Errorf("ask on the terminal: %w", err)
	}
	answer, err := bufio.NewReader(tty).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the answer from the terminal: %w", err)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}
