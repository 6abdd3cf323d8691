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
)

// Output is where data goes: stdout, or a file that gets its name only when it
// is whole.
type Output struct {
	w       io.Writer
	file    *os.File // nil for stdout
	path    string
	inPlace bool // an existing device or pipe
	closed  bool
}

// OutputFlag returns the flag -o.
func OutputFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "output", Category: "OUTPUT", Aliases: []string{"o"},
		Usage: "write to `FILE`, mode 0600, once it is whole (- is stdout)",
	}
}

// writesStdout reports whether the data goes to stdout.
func writesStdout(c *cli.Context) bool {
	path := c.String("output")
	return path == "" || path == "-"
}

// closedError returns the error of a stdout that was closed when the process began.
func closedError(c *cli.Context) error {
	hint := "> FILE keeps what it writes, > /dev/null drops it"
	if slices.ContainsFunc(c.App.Flags, func(f cli.Flag) bool { return f.Names()[0] == "output" }) {
		hint = "-o FILE, or > FILE"
	}
	return Usage(errClosed.Error(), hint)
}

// Distinct returns an error when two of these flags name the same file, and
// leaves that file alone.
func (t *Tool) Distinct(c *cli.Context, flags ...string) error {
	seen := map[string]string{}
	for _, flag := range flags {
		path := c.String(flag)
		if path == "" || path == "-" {
			continue
		}
		path = canonicalPath(path)
		if first, ok := seen[path]; ok {
			if flag == "summary" || first == "summary" {
				t.summary = ""
			}
			return Usage(fmt.Sprintf("--%s and --%s name the same file", first, flag), "name two files")
		}
		seen[path] = flag
	}
	return nil
}

// canonicalPath returns a path that is the same for all names of a file.
func canonicalPath(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}

// Create opens path for data; "" and "-" are stdout. The data goes to a temporary
// file in the same directory, readable by its owner only, which Commit renames.
func (t *Tool) Create(_ context.Context, path string) (*Output, error) {
	if path == "" || path == "-" {
		return &Output{w: t.Out}, nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, &Error{Err: err, Code: BadUsage}
	case info.IsDir():
		return nil, Usage(path+" is a directory", "name a file in it")
	case !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // the user names the file
		if err != nil {
			return nil, &Error{Err: err, Code: BadUsage}
		}
		return &Output{w: f, file: f, path: path, inPlace: true}, nil
	default:
		// A link stays a link: the file that it points to is replaced.
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, &Error{Err: err, Code: BadUsage}
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, &Error{Err: withPath(err, path), Code: BadUsage}
	}
	return &Output{w: f, file: f, path: path}, nil
}

func (o *Output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	return n, withPath(err, o.path)
}

// withPath returns an error of the temporary file with the path that the user
// knows.
func withPath(err error, path string) error {
	if fault, ok := errors.AsType[*fs.PathError](err); ok && path != "" {
		return &fs.PathError{Op: fault.Op, Path: path, Err: fault.Err}
	}
	return err
}

// Commit gives the file its name.
func (o *Output) Commit() error {
	if o.file == nil || o.closed {
		return nil
	}
	o.closed = true
	if o.inPlace {
		return o.file.Close()
	}
	if err := errors.Join(o.file.Sync(), o.file.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", o.path, err), os.Remove(o.file.Name()))
	}
	if err := os.Rename(o.file.Name(), o.path); err != nil {
		return errors.Join(err, os.Remove(o.file.Name()))
	}
	return nil
}

// Abort removes the temporary file. After Commit it does nothing, so it can be
// deferred.
func (o *Output) Abort() {
	if o.file == nil || o.closed {
		return
	}
	o.closed = true
	_ = o.file.Close() // the run has failed for a better reason
	if !o.inPlace {
		_ = os.Remove(o.file.Name())
	}
}

// SetAside renames a file to the first free name of path.1, path.2 and so on, to
// make room for another, and returns that name. It returns "" and renames nothing
// when there is no regular file, or when the file is empty or worthless, judged by
// its first bytes.
func SetAside(path string, worthless func(head []byte) bool) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
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
