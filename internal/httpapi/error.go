package httpapi

import (
	"bytes"
	"encoding/json"
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

// APIError is an answer that refuses a call. Message is the service's own text and may
// hold personal data. Error leaves emails out.
type APIError struct {
	Method, Path string
	Status       int
	Code         string
	Message      string
	RequestID    string
	RetryAfter   time.Duration
	Attempts     int
	// Known is set by Config.ParseError if the body has the service's own form. Then it
	// comes from the service, not from something in front of it.
	Known bool
	// Foreign is set if the answer is a redirect or not a JSON object. Then it comes from
	// something in front of the service, or from a wrong address.
	Foreign bool
	// Unanswered is set if an earlier attempt got no answer. It may have done its work.
	Unanswered bool
	// Items holds what the refusal says about single items of a bulk call, by index.
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
	if errors.Is(err, http.ErrSchemeMismatch) {
		err = errors.New("the address answers http, not https")
	}
	return Redact(fmt.Sprintf("%s %s: %v", e.method, e.path, err))
}

func (e *transportError) Unwrap() error { return e.err }

// mayHaveArrived reports whether the request may have reached the service.
func (e *transportError) mayHaveArrived() bool {
	op, ok := errors.AsType[*net.OpError](e.err)
	return !ok || op.Op != "dial"
}

// Unanswered reports whether a failed call may have done its work, because it or an
// earlier attempt got no answer from the service.
func Unanswered(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.Unanswered
	}
	if _, ok := errors.AsType[*answerError](err); ok {
		return true
	}
	transport, ok := errors.AsType[*transportError](err)
	return ok && transport.mayHaveArrived()
}

// excerpt returns the beginning of an error body in a foreign form, quoted and on one
// line.
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

// IsForeign reports whether err is an answer that most likely does not come from the
// service: one that looks like success but is not as documented, or a refusal in another
// form.
func IsForeign(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.Foreign
	}
	_, ok := errors.AsType[*answerError](err)
	return ok
}

// isForeign reports whether a refusal does not come from an API.
func isForeign(status int, body []byte) bool {
	var object map[string]json.RawMessage
	isPage := len(bytes.TrimSpace(body)) > 0 && json.Unmarshal(body, &object) != nil
	return isPage || status >= 300 && status <= 399
}

// These bound the wait that Retry-After asks for. A shorter one would turn retries into a
// flood, and a longer one does not fit into a time.Duration.
const (
	minRetryAfter = time.Second
	maxRetryAfter = 100 * 365 * 24 * time.Hour
)

// retryAfter returns the wait that Retry-After asks for, in seconds or as a date of the
// service's clock (RFC 9110, section 10.2.3). It is 0 without a valid header.
func retryAfter(resp *http.Response) time.Duration {
	value := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return max(time.Duration(seconds)*time.Second, minRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(at.Sub(now), minRetryAfter), maxRetryAfter)
}
