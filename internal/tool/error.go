package tool

import (
	"context"
	"errors"
	"strings"
)

// Exit codes. They are part of every --help.
const (
	Done        = 0
	Stopped     = 1   // network, sign-in, I/O, or input that makes going on unsafe
	BadUsage    = 2   // a flag or a setting; nothing was read or sent
	Rejected    = 3   // ran to the end, but some records were rejected
	Interrupted = 130 // SIGINT
	Unread      = 141 // nobody reads stdout; a shell reports SIGPIPE like this
	Terminated  = 143 // SIGTERM, and SIGHUP
)

// Error is an error that knows its exit code and what to type next.
type Error struct {
	Err   error
	Code  int
	Hints []string

	kind *kind // nil for an ordinary error
}

// kind says how an error is printed.
type kind struct{ label, before string }

var (
	failed    = kind{label: "error"}
	stopped   = kind{label: "stopped"} // nothing is wrong here
	upstream  = kind{label: "stopped", before: "the stage before failed: "}
	cancelled = kind{} // as requested
)

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Usage returns an error about what was typed or set.
func Usage(message string, hints ...string) error {
	return &Error{Err: errors.New(message), Code: BadUsage, Hints: hints}
}

// Upstream returns the error of a stage whose input is incomplete because the command
// before it failed. It is printed without "error" and without a hint, since the first
// error on the screen is the one to mend.
func Upstream(err error) error {
	return &Error{Err: err, Code: Stopped, kind: &upstream}
}

// Cancelled returns the error of a run in which somebody answered a question with no.
func Cancelled(hints ...string) error {
	return &Error{Err: errors.New("cancelled; nothing was written"), Code: Stopped, Hints: hints, kind: &cancelled}
}

// InBetween is a hint for an answer that does not come from the service.
const InBetween = "or something else answered: a proxy (HTTPS_PROXY), or the sign-in page of a Wi-Fi network"

// Hint returns err with hints that say what to type next. It keeps the exit code of err.
// If several errors of a chain have hints, those of the innermost are printed.
func Hint(err error, hints ...string) error {
	return &Error{Err: err, Code: Code(err), Hints: hints}
}

// ErrRejected ends a run that was completed but set records aside. They have been
// reported by then, so nothing more is printed.
var ErrRejected = &Error{Err: errors.New("some records were rejected"), Code: Rejected}

// Code returns the exit code for err.
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

// hints returns the innermost hints of the chain.
func hints(err error) []string {
	var innermost []string
	for e := (*Error)(nil); errors.As(err, &e); err = e.Err {
		if len(e.Hints) > 0 {
			innermost = e.Hints
		}
	}
	return innermost
}

// kindOf returns how an error is printed.
func kindOf(err error) kind {
	for e := (*Error)(nil); errors.As(err, &e); err = e.Err {
		if e.kind != nil {
			return *e.kind
		}
	}
	return failed
}

// textOf returns the text of an error on one line. Where errors.Join has put a line end,
// it puts a semicolon.
func textOf(err error) string {
	var inner []error
	switch e := err.(type) { //nolint:errorlint // errors.As would not stop at each
	case interface{ Unwrap() error }:
		inner = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	text := err.Error()
	var before, after []string
	for _, e := range inner {
		if e != nil {
			before, after = append(before, e.Error()), append(after, textOf(e))
		}
	}
	if len(inner) > 1 && text == strings.Join(before, "\n") {
		return strings.Join(after, "; ")
	}
	for i := range before {
		text = strings.Replace(text, before[i], after[i], 1)
	}
	return text
}
