package permitload

import (
	"net/http"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/tool"
)

// explain gives an error of Permit's what to type next.
func explain(err error) error {
	switch status := permit.Status(err); {
	case err == nil:
		return nil
	case httpapi.Unreachable(err):
		return tool.Hint(err, "is PERMIT_API_URL right? It is "+permit.DefaultURL+" unless you set it")
	case status == http.StatusUnauthorized:
		return tool.Hint(err, "export PERMIT_API_KEY=... with an environment's key (Permit > Settings > API Keys); for the EU region also export PERMIT_API_URL=https://api.eu.permit.io")
	case status == http.StatusForbidden:
		return tool.Hint(err, "the key lacks a right: use an environment's key with read and write (Permit > Settings > API Keys)")
	}
	return err
}
