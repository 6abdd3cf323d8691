package tool

import (
	"context"
	"errors"
)

// Exit codes. They are part of every --help.
const (
	Done        = 0
	Stopped     = 1   // network, sign-in, I/O, or input that makes going on unsafe
	BadUsage    = 2   // a flag or a setting; nothing was read or sent
	Rejected    = 3   // ran to the end, but some records were rejected
	Interrupted = 130 // SIGINT
	Terminated  = 143 // SIGTERM
)

// Error is an error that knows its exit code and what to type next.
type Error struct {
	Err   error
	Code  int
	Hints []string
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Usage is an error in what was typed or set.
func Usage(message string, hints ...string) error {
	return &Error{Err: errors.New(message), Code: BadUsage, Hints: hints}
}

// Hint gives err what to type next, and leaves its exit code. The innermost
// hint of a chain is printed.
func Hint(err error, hints ...string) error {
	return &Error{Err: err, Code: Code(err), Hints: hints}
}

// ErrRejected ends a run that went to its end but set records aside. What was
// rejected has been said already, so nothing more is printed.
var ErrRejected = &Error{Err: errors.New("some records were rejected"), Code: Rejected}

// Code is the exit code for err.
func Code(err error) int {
	var e *Error
	switch {
	case err == nil:
		return Done
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, context.Canceled):
		return Interrupted
	default:
		return Stopped
	}
}

func hints(err error) []string {
	var found []string
	for e := (*Error)(nil); errors.As(err, &e); err = e.Err {
		if len(e.Hints) > 0 {
			found = e.Hints
		}
	}
	return found
}
