package httpapi

import (
	"crypto/tls"
	"errors"
	"net/http"
)

// SpeaksPlain reports whether err says that an https:// address answered without TLS, as
// a server for http:// does.
func SpeaksPlain(err error) bool {
	_, isNoTLS := errors.AsType[tls.RecordHeaderError](err)
	return isNoTLS || errors.Is(err, http.ErrSchemeMismatch)
}
