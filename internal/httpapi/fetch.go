package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Fetch opens a link that carries its own authorization. Such a link is a
// secret itself: the token is not sent with it, and neither logs nor errors show
// it. Fetch is not paced and does not retry. Reading the body fails when nothing
// comes for Config.Timeout; the caller closes it.
//
// With an offset and the file's ETag it asks for the rest of the file from
// there. The answer's status says what came: 206 the rest to its end, 200 the
// whole file.
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
	if err := checkLink(link); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return nil, linkError("it is not a URL")
	}
	// Offsets count bytes of the stored file, so nothing on the way may compress or
	// decompress it.
	req.Header.Set("Accept-Encoding", "identity")
	if offset > 0 && etag != "" && !strings.HasPrefix(etag, "W/") {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		req.Header.Set("If-Range", etag)
	}
	idle := time.AfterFunc(c.config.Timeout, func() {
		cancel(&transportError{http.MethodGet, req.URL.Host, fmt.Errorf("no data came for %s", c.config.Timeout), false})
	})
	defer idle.Stop()
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &transportError{http.MethodGet, req.URL.Host, err, false}
	}
	c.config.Log.Debug("download", "host", req.URL.Host, "status", resp.StatusCode)
	isRest := resp.StatusCode == http.StatusPartialContent && isRestFrom(offset, resp.Header.Get("Content-Range"))
	if resp.StatusCode != http.StatusOK && !isRest {
		_, _ = io.CopyN(io.Discard, resp.Body, drain) // so that the connection can be used again
		refused := &APIError{Method: http.MethodGet, Path: req.URL.Host, Status: resp.StatusCode}
		return nil, errors.Join(refused, resp.Body.Close())
	}
	resp.Body = &idleBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, timer: idle, timeout: c.config.Timeout}
	return resp, nil
}

// ErrLink is the error of a link that is not followed, because its target could be read
// or replaced on the way.
var ErrLink = errors.New("the download link was not followed")

func linkError(why string) error { return fmt.Errorf("%w: %s", ErrLink, why) }

// checkLink returns an error unless the link is https, or http to this machine.
// The error does not show it.
func checkLink(link string) error {
	target, err := url.Parse(link)
	switch {
	case err != nil || target.Hostname() == "":
		return linkError("it is not a URL")
	case target.User != nil:
		return linkError("there is a user in it")
	case target.Scheme == "http" && !isLoopback(target.Hostname()):
		return linkError("it begins with http://, so others could read the file")
	case target.Scheme != "http" && target.Scheme != "https":
		return linkError("it does not begin with https://")
	}
	return nil
}

// isRestFrom reports whether a Content-Range covers a file from offset to its end.
func isRestFrom(offset int64, contentRange string) bool {
	var first, last, size int64
	n, err := fmt.Sscanf(contentRange, "bytes %d-%d/%d", &first, &last, &size)
	return err == nil && n == 3 && first == offset && last == size-1
}

// idleBody ends a read that brings nothing for too long. The time between reads does not
// count, since a slow reader is not the service's fault.
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
