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

// APIError is an answer that refuses a call. Message is the service's own text
// and may hold personal data; Error leaves emails out.
type APIError struct {
	Method, Path string
	Status       int
	Code         string
	Message      string
	RequestID    string
	RetryAfter   time.Duration
	Attempts     int
	// Unanswered is set when an earlier attempt got no answer: it may have done
	// its work.
	Unanswered bool
	// Items holds what the refusal says about single items of a bulk call, by
	// their index.
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

// Redact returns text without emails, for a log.
func Redact(text string) string { return email.ReplaceAllString(text, "[email]") }

// transportError is a call that got no complete answer.
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

// mayHaveArrived reports whether the request may have reached the service.
func (e *transportError) mayHaveArrived() bool {
	op, ok := errors.AsType[*net.OpError](e.err)
	return !ok || op.Op != "dial"
}

// Unanswered reports whether a call that failed may have done its work all the
// same, because it or an attempt before it got no answer.
func Unanswered(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.Unanswered
	}
	transport, ok := errors.AsType[*transportError](err)
	return ok && transport.mayHaveArrived()
}

// excerpt returns the beginning of an error body that is not in the service's
// form, quoted and on one line.
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

// retryAfter returns the wait that Retry-After asks for, in seconds or as a
// date. It is 0 without the header and for a date that has passed.
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
