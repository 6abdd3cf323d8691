// Package httpapi makes the HTTP calls of both clients: it paces, signs, sends and
// retries them, and bounds and decodes their answers. It knows no endpoint and no
// service.
package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sethvargo/go-retry"
)

// These bound what is read of an answer. No answer of either service comes near
// maxAnswer, and no error is worth more than maxError.
const (
	maxAnswer = 32 << 20
	maxError  = 1 << 20
	drain     = 4 << 10
)

// Config configures a Client. It needs Base and, if calls are signed, Token or Tokens.
// All other fields have defaults.
type Config struct {
	Base      *url.URL
	Token     Secret
	UserAgent string
	// Tokens signs calls instead of Token.
	Tokens TokenSource
	// Pacer decides when a call may be sent; nil paces by the service's 429s
	// alone.
	Pacer Pacer
	// Transport is for tests.
	Transport http.RoundTripper
	Log       *slog.Logger
	// Timeout bounds one attempt with its answer. The default is 2 minutes.
	Timeout time.Duration
	// MaxWait bounds how long a failing call is repeated, with all retries and pauses.
	// The default is 2 hours.
	MaxWait time.Duration
	// OnWait is called before every wait for a retry, so that people can be told about
	// it.
	OnWait func(wait time.Duration, why error)
	// ParseError fills in what the service's error body says.
	ParseError func(e *APIError, body []byte)
}

// Client makes calls to one service. It is safe for concurrent use.
type Client struct {
	config   Config
	http     *http.Client
	answered atomic.Bool // the service has answered at least once
	clock    clock
}

// New returns a client with this configuration.
func New(config Config) *Client {
	if config.Timeout == 0 {
		config.Timeout = 2 * time.Minute
	}
	if config.MaxWait == 0 {
		config.MaxWait = 2 * time.Hour
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.OnWait == nil {
		config.OnWait = func(time.Duration, error) {}
	}
	if config.Pacer == nil {
		config.Pacer = NewWindows(nil, func(wait time.Duration, why string) { config.OnWait(wait, errors.New(why)) })
	}
	if config.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 32 // several calls run at a time
		config.Transport = transport
	}
	return &Client{config: config, http: &http.Client{
		Transport: config.Transport,
		// A redirect would carry the token to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Call is one request. It must be safe to repeat, since it may be retried.
type Call struct {
	Method string
	// Path is relative to Config.Base, and escaped.
	Path  string
	Query url.Values
	// Body is sent as JSON; nil sends none.
	Body any
	// Empty allows an answer without a body, as for a DELETE.
	Empty bool
	// Abandon allows an interrupt to end this call although it is not a GET, because it
	// leaves nothing behind.
	Abandon bool
	// Private keeps everything in an answer out of errors, since it may hold secrets.
	Private bool
	// Attempts bounds how often the call is tried if the service fails with a 5xx other
	// than 503, which is not about the call. With 0 it is tried ten times, and a 502 or
	// 504 means that the service is away, which is waited for.
	Attempts int
}

// Do makes a call and decodes its answer into out, whose type says what the service
// documents. Any status but 2xx is an *APIError. An answer without JSON, or with other
// JSON, is an error, too, since it may not come from the service.
func (c *Client) Do(ctx context.Context, call Call, out any) error {
	var body []byte
	if call.Body != nil {
		var err error
		if body, err = json.Marshal(call.Body); err != nil {
			return fmt.Errorf("%s %s: encode the request: %w", call.Method, call.Path, err)
		}
	}
	attempts, renewed := 0, false
	var lost error // of an attempt that may have done its work
	patience := newPatience(call.Attempts, c.config.MaxWait, c.config.OnWait)
	err := retry.Do(ctx, patience, func(ctx context.Context) error {
		token := c.config.Token
		if c.config.Tokens != nil {
			var err error
			if token, err = c.config.Tokens.Token(ctx); err != nil {
				return err
			}
		}
		attempts++
		status, err := c.attempt(ctx, call, token, body, out)
		if err == nil {
			return nil
		}
		if Unanswered(err) {
			lost = err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx) // it may be another call's error
		}
		if api, ok := errors.AsType[*APIError](err); ok {
			api.Attempts, api.Unanswered = attempts, lost != nil
		}
		if status == http.StatusUnauthorized && c.config.Tokens != nil && !renewed {
			renewed = true
			c.config.Tokens.Discard(token)
			patience.skipWait()
			return retry.RetryableError(err)
		}
		if !patience.noteFailure(err, c.answered.Load()) {
			return err
		}
		c.config.Log.Info("retry", "method", call.Method, "path", Redact(call.Path),
			"status", status, "attempt", attempts, "error", err)
		return retry.RetryableError(err)
	})
	if err != nil && ctx.Err() != nil && lost != nil && call.isWrite() {
		return errors.Join(context.Cause(ctx), lost) // what is known about a write survives an interrupt
	}
	return err
}

// attempt sends the call once and returns the status of the answer, or 0 without one.
func (c *Client) attempt(ctx context.Context, call Call, token Secret, body []byte, out any) (int, error) {
	//nolint:bodyclose // it opens nothing: done takes the answer
	done, err := c.config.Pacer.Begin(ctx, call.Method, call.Path)
	if err != nil {
		return 0, err
	}
	if call.isWrite() {
		// A write is not interrupted, so that its outcome is known.
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.config.Timeout, fmt.Errorf("no answer within %s", c.config.Timeout))
	defer cancel()
	start := time.Now()
	resp, err := c.send(ctx, call, token, body)
	if err != nil {
		done(nil)
		return 0, &transportError{call.Method, call.Path, err, c.answered.Load()}
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end or given up
	c.answered.Store(true)
	c.clock.set(resp)
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	// The pacer counts from the end of the answer.
	done(resp)
	c.config.Log.Debug("call", "method", call.Method, "path", call.Path,
		"status", resp.StatusCode, "took", time.Since(start).Round(time.Millisecond))
	switch {
	case err != nil:
		return resp.StatusCode, &transportError{call.Method, call.Path, err, true}
	case len(data) > maxAnswer:
		return resp.StatusCode, fmt.Errorf("%s %s: the answer is larger than %d MiB", call.Method, call.Path, maxAnswer>>20)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return resp.StatusCode, c.apiError(call, resp, data)
	case call.Empty && len(data) == 0:
		return resp.StatusCode, nil
	}
	if why := decode(resp, data, out, !call.Private); why != "" {
		return resp.StatusCode, &answerError{call.Method, call.Path, resp.StatusCode, why}
	}
	return resp.StatusCode, nil
}

// isWrite reports whether the call may leave something behind.
func (c Call) isWrite() bool { return c.Method != http.MethodGet && !c.Abandon }

func (c *Client) send(ctx context.Context, call Call, token Secret, body []byte) (*http.Response, error) {
	target := *c.config.Base
	raw := strings.TrimSuffix(target.EscapedPath(), "/") + call.Path
	path, err := url.PathUnescape(raw)
	if err != nil {
		return nil, err
	}
	target.Path, target.RawPath, target.RawQuery = path, raw, call.Query.Encode()
	var reader io.Reader = http.NoBody
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, target.String(), reader)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	req.Header.Set("Accept", "application/json")
	if c.config.UserAgent != "" {
		req.Header.Set("User-Agent", c.config.UserAgent)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return resp, err
}

func (c *Client) apiError(call Call, resp *http.Response, data []byte) error {
	e := &APIError{Method: call.Method, Path: call.Path, Status: resp.StatusCode, RetryAfter: retryAfter(resp)}
	if len(data) > maxError {
		data = data[:maxError]
	}
	e.Foreign = isForeign(e.Status, data)
	if c.config.ParseError != nil {
		c.config.ParseError(e, data)
	}
	if e.Message == "" && !call.Private {
		e.Message = excerpt(data)
	}
	return e
}
