package permitload

import (
	"context"
	"errors"
	"net/http"

	"a0permit/internal/httpapi"
	"a0permit/internal/jsonl"
	"a0permit/internal/permit"
	"a0permit/internal/permitload/intake"
	"a0permit/internal/record"
	"a0permit/internal/spool"
	"a0permit/internal/tool"
)

const urlHint = "check PERMIT_API_URL: without it, " + permit.DefaultURL + " is called"

const runAgain = "run the same command again"

// orAgain returns err with the hint for a run that was interrupted.
func (s *session) orAgain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if !s.ledger.HasWritten() {
		return tool.Hint(err, "nothing was written; "+runAgain)
	}
	return tool.Hint(err, runAgain)
}

// rightURL returns the corrected URL if err is about a malformed one.
func rightURL(err error) string {
	var base *httpapi.BaseError
	const dashboard = "https://app.permit.io"
	if errors.As(err, &base) && base.Right != "" && base.Right != dashboard {
		return base.Right
	}
	return permit.DefaultURL
}

// withHint adds a hint that says what to type, if there is one for err.
func withHint(err error) error {
	switch status := permit.Status(err); {
	case err == nil:
		return nil
	case errors.Is(err, spool.ErrWrite):
		return tool.Hint(err,
			"free some space there, or set TMPDIR; a pipe takes room for all input: save it to a file and load that")
	case errors.Is(err, spool.ErrKeep):
		return tool.Hint(err, "free some space there; or choose another place with --undo FILE, or else with TMPDIR")
	case errors.Is(err, intake.ErrChanged):
		return tool.Hint(err, "load it again while nobody writes to it; permitload < FILE loads a copy")
	case errors.Is(err, jsonl.ErrLong):
		return tool.Hint(err, "no user in Permit is that long: leave the line out")
	case errors.Is(err, record.ErrCSV):
		return tool.Hint(err, "convert it first: a0tojsonl FILE | permitload")
	case errors.Is(err, record.ErrForeign):
		return tool.Hint(err, "permitload reads what a0tojsonl writes, one JSON object a line; jq -c keeps it so")
	case errors.Is(err, permit.ErrShrunk):
		return tool.Hint(err, "users or roles were deleted in Permit meanwhile; run it again later")
	case errors.Is(err, permit.ErrUncounted), errors.Is(err, permit.ErrEndless):
		return tool.Hint(err, "this is not how Permit's API answers: check PERMIT_API_URL")
	case httpapi.SpeaksPlain(err):
		return tool.Hint(err, "check PERMIT_API_URL; for a server on this machine write http://127.0.0.1:PORT")
	case httpapi.Unreachable(err):
		return tool.Hint(err, urlHint)
	case httpapi.IsForeign(err):
		return tool.Hint(err, urlHint, tool.InBetween)
	case status == http.StatusUnauthorized:
		return tool.Hint(err, "export PERMIT_API_KEY=... with an environment's key (Permit > Settings > API Keys);"+
			" for the EU region also export PERMIT_API_URL=https://api.eu.permit.io")
	case status == http.StatusForbidden:
		return tool.Hint(err,
			"the key lacks a right: use an environment's key with read and write (Permit > Settings > API Keys)")
	}
	return err
}
