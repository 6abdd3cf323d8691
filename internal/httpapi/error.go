package httpapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// APIError is an answer that refuses a call. Message is the service's own and
// may hold personal data; Error leaves emails out.
type APIError struct {
	Method, Path string
	Status       int
	Code         string
	Message      string
	RequestID    string
	RetryAfter   time.Duration
	Attempts     int
	// Unanswered says that an attempt before had no answer, and may have done its
	// work.
	Unanswered bool
	// Items is what the refusal says of single items of a bulk call, by their
	// place from 0.
	Items map[int]string
}

func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d", e.Method, e.Path, e.Status)
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	} else {
		b.WriteString(" " + http.StatusText(e.Status))
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %s)", e.RequestID)
	}
	return Redact(b.String())
}

var email = regexp.MustCompile(`[^\s"'<>()|,;:=/]+(@|%40)[^\s"'<>()|,;:=/]+\.[^\s"'<>()|,;:=/]+`)

// Redact takes emails out of a text that goes to a log.
func Redact(text string) string { return email.ReplaceAllString(text, "[email]") }

// transportError is a call that drew no whole answer.
type transportError struct {
	method, path string
	err          error
	answered     bool // the service has answered before
}

func (e *transportError) Error() string {
	err := e.err
	// url.Error repeats the method and the whole URL.
	for u := (*url.Error)(nil); errors.As(err, &u); {
		err = u.Err
	}
	return Redact(fmt.Sprintf("%s %s: %v", e.method, e.path, err))
}

func (e *transportError) Unwrap() error { return e.err }

// sent reports whether the request may have reached the service.
func (e *transportError) sent() bool {
	op, ok := errors.AsType[*net.OpError](e.err)
	return !ok || op.Op != "dial"
}

// Unanswered reports whether a call that failed may have done its work all the
// same: it, or an attempt before it, had no answer.
func Unanswered(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.Unanswered
	}
	transport, ok := errors.AsType[*transportError](err)
	return ok && transport.sent()
}

// excerpt is the beginning of an error body that is not in the service's form.
func excerpt(body []byte) string {
	text := strings.Join(strings.Fields(string(body)), " ")
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "..."
	}
	if text == "" {
		return ""
	}
	return strconv.Quote(text)
}

// retryAfter reads Retry-After, in seconds or as a date; a date that has
// passed means now. It is 0 when there is none.
func retryAfter(resp *http.Response) time.Duration {
	value := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		return time.Duration(min(max(seconds, 0), 24*60*60) * float64(time.Second))
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(time.Until(at), 0)
}
