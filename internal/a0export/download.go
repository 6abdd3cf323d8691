package a0export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/sethvargo/go-retry"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
)

// download reads the stored file of a finished export. If the transfer breaks off, it
// continues from there. If the host does not support ranges, it downloads the file
// again, and checks and skips the bytes that it has read already.
type download struct {
	ctx  context.Context //nolint:containedctx // io.Reader takes no context
	job  *exportJob
	body *auth0.File
	etag string

	packed bool // the first bytes of the file are those of gzip

	at      int64         // number of bytes returned by Read
	seen    maphash.Hash  // of those bytes
	backoff retry.Backoff // renewed whenever bytes arrive
	stale   bool          // the link has been used
}

func newDownload(ctx context.Context, job *exportJob) *download {
	return &download{ctx: ctx, job: job, backoff: downloadBackoff()}
}

// downloadBackoff returns the waits between attempts that bring no bytes: the link is
// refused, the host is down or the transfer breaks off.
func downloadBackoff() retry.Backoff {
	backoff := retry.NewExponential(500 * time.Millisecond)
	return retry.WithMaxRetries(10, retry.WithCappedDuration(10*time.Second, backoff))
}

// open opens the link of the job. From the second time on, it asks for a fresh link:
// links work for 60 seconds only.
func (d *download) open() error {
	return retry.Do(d.ctx, d.backoff, func(ctx context.Context) error {
		if d.stale {
			fresh, err := d.job.auth0.Job(ctx, d.job.job.ID)
			if err != nil {
				return err
			}
			d.job.job.Location = fresh.Location
		}
		d.stale = true
		err := d.connect(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, errFileChanged) || errors.Is(err, httpapi.ErrLink) {
			return err
		}
		if api, ok := errors.AsType[*httpapi.APIError](err); ok && isRangeStatus(api.Status) {
			d.etag = "" // the host has no bytes left or sent the wrong ones: get the whole file
		}
		d.job.tool.Log.Info("fresh download link", "job", d.job.job.ID, "error", err)
		return retry.RetryableError(err)
	})
}

// isRangeStatus reports whether the status of an error is about the requested range.
func isRangeStatus(status int) bool {
	return status == http.StatusRequestedRangeNotSatisfiable || status == http.StatusPartialContent
}

var errFileChanged = errors.New("the file changed during the download")

// connect opens the link and skips the bytes that have been read already.
func (d *download) connect(ctx context.Context) error {
	body, err := d.job.auth0.Download(ctx, d.job.job.Location, d.at, d.etag)
	if err != nil {
		return err
	}
	if body.From != d.at {
		if err := d.skip(body); err != nil {
			return errors.Join(err, body.Close())
		}
	}
	d.body, d.etag = body, body.ETag
	return nil
}

// skip reads the first d.at bytes of body. It fails unless they are the same as before.
func (d *download) skip(body io.Reader) error {
	var again maphash.Hash
	again.SetSeed(d.seen.Seed())
	n, err := io.CopyN(&again, body, d.at)
	switch {
	case errors.Is(err, io.EOF) && n < d.at:
		return fmt.Errorf("the file became shorter: %w", errFileChanged)
	case err != nil:
		return err
	case again.Sum64() != d.seen.Sum64():
		return errFileChanged
	}
	return nil
}

// Read implements io.Reader.
func (d *download) Read(p []byte) (int, error) {
	for {
		if d.body == nil {
			if err := d.open(); err != nil {
				return 0, err
			}
		}
		n, err := d.body.Read(p)
		if n > 0 {
			d.at += int64(n)
			_, _ = d.seen.Write(p[:n]) // a hash never fails
			d.backoff = downloadBackoff()
		}
		switch {
		case err == nil || errors.Is(err, io.EOF):
			return n, err
		case d.ctx.Err() != nil:
			return n, context.Cause(d.ctx)
		}
		d.job.tool.Log.Info("the download broke off", "job", d.job.job.ID, "at", d.at, "error", err)
		_ = d.body.Close() // reading has failed already
		d.body = nil
		if n > 0 {
			return n, nil
		}
		wait, stop := d.backoff.Next()
		if stop {
			return 0, err
		}
		if err := httpapi.Sleep(d.ctx, wait); err != nil {
			return 0, err
		}
	}
}

// Close implements io.Closer.
func (d *download) Close() error {
	if d.body == nil {
		return nil
	}
	return d.body.Close()
}

// transferReader marks errors of the transfer, to tell them from errors in the CSV.
type transferReader struct{ io.Reader }

func (t transferReader) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = transferError(err)
	}
	return n, err
}

func transferError(err error) error {
	return fmt.Errorf("the download broke off: %w", err)
}

// gunzip returns the unpacked file. It looks at the first bytes, since a proxy may have
// unpacked the file already.
func (d *download) gunzip() (io.Reader, error) {
	in := bufio.NewReaderSize(d, 64<<10)
	head, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, transferError(err)
	}
	if d.packed = string(head) == "\x1f\x8b"; !d.packed {
		return in, nil
	}
	plain, err := gzip.NewReader(in)
	if err != nil {
		return nil, transferError(err)
	}
	return plain, nil
}
