package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Fetch opens a link that carries its own authorization. Such a link is a
// secret itself: the token is not sent with it, and neither logs nor errors show
// it. Fetch is not paced and does not retry. Reading the body fails when nothing
// comes for Config.Timeout; the caller closes it.
//
// With an offset and the file's ETag it asks for the rest of the file from
// there. The answer's status says what came: 206 the rest, 200 the whole file.
func (c *Client) Fetch(ctx context.Context, link string, offset int64, etag string) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	resp, err := c.fetch(ctx, cancel, link, offset, etag)
	if err != nil {
		cancel(nil)
	}
	return resp, err
}

func (c *Client) fetch(
	ctx context.Context, cancel context.CancelCauseFunc, link string, offset int64, etag string,
) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return nil, errors.New("the link is not a URL")
	}
	// Offsets count bytes of the file as it is stored, so nothing on the way may
	// compress or decompress it.
	req.Header.Set("Accept-Encoding", "identity")
	if offset > 0 && etag != "" && !strings.HasPrefix(etag, "W/") {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		req.Header.Set("If-Range", etag)
	}
	idle := time.AfterFunc(c.config.Timeout, func() {
		cancel(&transportError{http.MethodGet, req.URL.Host, fmt.Errorf("nothing came for %s", c.config.Timeout), false})
	})
	resp, err := c.http.Do(req)
	idle.Stop()
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &transportError{http.MethodGet, req.URL.Host, err, false}
	}
	c.config.Log.Debug("download", "host", req.URL.Host, "status", resp.StatusCode)
	isRest := resp.StatusCode == http.StatusPartialContent &&
		strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset))
	if resp.StatusCode != http.StatusOK && !isRest {
		_, _ = io.CopyN(io.Discard, resp.Body, drain) // so that the connection can be used again
		refused := &APIError{Method: http.MethodGet, Path: req.URL.Host, Status: resp.StatusCode}
		return nil, errors.Join(refused, resp.Body.Close())
	}
	resp.Body = &idleBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, timer: idle, timeout: c.config.Timeout}
	return resp, nil
}

// idleBody ends a read that brings nothing for too long. The time between reads
// does not count: a slow reader is no fault of the service.
type idleBody struct {
	io.ReadCloser
	ctx     context.Context //nolint:containedctx // of the request that this is the answer to
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	timeout time.Duration
}

func (b *idleBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.timeout)
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) && b.ctx.Err() != nil {
		err = context.Cause(b.ctx)
	}
	return n, err
}

func (b *idleBody) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close()
}
