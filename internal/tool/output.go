package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"a0permit/internal/spool"
)

// Output receives data: stdout, a device, or a file that gets its name only when it is
// complete.
type Output struct {
	w       io.Writer
	file    *os.File // nil for stdout and stderr
	path    string
	inPlace bool // it is not a file of its own
	closed  bool
	// unwatch stops watching for a signal, and reports whether none has come.
	unwatch func() bool
}

// OutputFlag returns the flag -o.
func OutputFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "output", Category: "OUTPUT", Aliases: []string{"o"},
		Usage: "write to `FILE`, whole or not at all, mode 0600 (- is stdout)",
	}
}

var errInterrupted = errors.New("interrupted")

// closedError returns the error of a stdout that was closed when the process began.
func closedError(c *cli.Context) error {
	hint := "add > FILE to keep what it writes, or > /dev/null to drop it"
	if slices.ContainsFunc(c.App.Flags, func(f cli.Flag) bool { return f.Names()[0] == "output" }) {
		hint = "add -o FILE, or > FILE"
	}
	return Usage(errClosed.Error(), hint)
}

// Create opens path for data. The data goes to a temporary file in the same directory,
// readable by its owner only, which Commit renames. The first signal removes that file,
// so that nothing which ends the process later can leave it behind. "" and "-" are
// stdout. Descriptors, devices and pipes are written in place.
func (t *Tool) Create(ctx context.Context, path string) (*Output, error) {
	out, err := t.create(ctx, path)
	if err != nil || out.file == nil || out.inPlace {
		return out, err
	}
	out.unwatch = context.AfterFunc(ctx, func() { _ = os.Remove(out.file.Name()) })
	return out, nil
}

// create is Create for a file that stays after a signal.
func (t *Tool) create(ctx context.Context, path string) (*Output, error) {
	if path == "" || path == "-" {
		return &Output{w: t.Out}, nil
	}
	target, n := follow(path)
	switch n {
	case -1:
	case 1:
		return &Output{w: t.Out}, nil
	case 2:
		return &Output{w: t.Above(t.screen.w)}, nil
	default:
		return t.openInPlace(ctx, path, n)
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist): // a link to a missing file stays, and gets its target
	case err != nil:
		return nil, &Error{Err: err, Code: BadUsage}
	case info.IsDir():
		return nil, Usage(path+" is a directory", "name a file in it")
	case !info.Mode().IsRegular():
		return t.openInPlace(ctx, path, n)
	}
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return nil, &Error{Err: withPath(err, path), Code: BadUsage}
	}
	return &Output{w: f, file: f, path: target}, nil
}

// openInPlace opens something that exists already: descriptor n or, if n is -1, the
// device or pipe at path.
func (t *Tool) openInPlace(ctx context.Context, path string, n int) (*Output, error) {
	var f *os.File
	var err error
	if n >= 0 {
		f, err = openDescriptor(n, path)
	} else {
		f, err = t.openFile(ctx, path, os.O_WRONLY)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, &Error{Err: err, Code: BadUsage}
	}
	w := newStream(f)
	w.ctx = ctx
	return &Output{w: w, file: f, path: path, inPlace: true}, nil
}

func (o *Output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	return n, withPath(err, o.path)
}

// withPath replaces the path of the temporary file in an error by the path that the user
// knows.
func withPath(err error, path string) error {
	if fault, ok := errors.AsType[*fs.PathError](err); ok && path != "" {
		return &fs.PathError{Op: fault.Op, Path: path, Err: fault.Err}
	}
	return err
}

// Commit gives the file its name and syncs both to the disk.
func (o *Output) Commit() error {
	if o.file == nil || o.closed {
		return nil
	}
	o.closed = true
	if o.inPlace {
		return o.file.Close()
	}
	if o.unwatch != nil && !o.unwatch() {
		_, _ = o.file.Close(), os.Remove(o.file.Name())
		return errInterrupted
	}
	if err := errors.Join(o.file.Sync(), o.file.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", o.path, err), os.Remove(o.file.Name()))
	}
	if err := os.Rename(o.file.Name(), o.path); err != nil {
		return errors.Join(err, os.Remove(o.file.Name()))
	}
	err := spool.SyncDir(filepath.Dir(o.path))
	if errors.Is(err, fs.ErrPermission) { // a directory may be writable without being readable
		err = nil
	}
	return err
}

// Abort removes the temporary file. After Commit it does nothing, so it can be
// deferred.
func (o *Output) Abort() {
	if o.file == nil || o.closed {
		return
	}
	o.closed = true
	if o.unwatch != nil {
		o.unwatch()
	}
	_ = o.file.Close() // the run has failed for another reason
	if !o.inPlace {
		_ = os.Remove(o.file.Name())
	}
}

// CheckKept refuses a path, if any, at which no file can be written step by step late in
// a run. Then the run ends before it begins.
func CheckKept(flag, path string) error {
	if path == "" {
		return nil
	}
	target, descriptor := follow(path)
	info, err := os.Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(filepath.Dir(target))
	}
	switch {
	case err != nil:
		return Usage(flag+": "+err.Error(), "name a file in a directory that exists")
	case descriptor >= 0, info != nil && !info.Mode().IsRegular():
		return Usage(flag+": "+path+" is not a regular file", "name a file")
	}
	return nil
}

// SetAside makes room for another file: it renames the file at path, or the target of a
// link, to the first free name of path.1, path.2 and so on, and returns that name. It
// returns "" and renames nothing if there is no regular file, or if the file is empty or
// worthless, judged by its first bytes.
func SetAside(path string, worthless func(head []byte) bool) (string, error) {
	path, descriptor := follow(path)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || descriptor >= 0 || err == nil && !info.Mode().IsRegular() {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	f, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return "", err
	}
	head := make([]byte, 64)
	n, err := f.Read(head)
	_ = f.Close() // it was only read
	if errors.Is(err, io.EOF) || err == nil && worthless(head[:n]) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for i := 1; ; i++ {
		aside := fmt.Sprintf("%s.%d", path, i)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, os.Rename(path, aside)
		}
	}
}
