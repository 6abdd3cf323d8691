package tool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"
)

// EmptyError returns the error for an input without a single byte, or with nothing in it.
func (t *Tool) EmptyError(name string) error {
	switch {
	case name != "-":
		return Hint(errors.New(name+" is empty"), "the command that writes it was stopped, or had nothing to write")
	case t.IsFed():
		return Upstream(errors.New("the command before this one wrote nothing"))
	}
	return Hint(errors.New("stdin is empty: the command before this one wrote nothing"),
		t.command+" FILE, or pipe data into it")
}

// IsFed reports whether stdin comes from another command.
func (t *Tool) IsFed() bool {
	_, isFile := t.In.(*os.File)
	return !isFile || isPipe(t.In)
}

// Input is a file or stdin. It is decompressed if it begins like gzip.
type Input struct {
	Name string
	// File is set if the input is an uncompressed regular file, which can be read again
	// in place.
	File *os.File

	fed   bool            // another command writes it
	ctx   context.Context //nolint:containedctx // io.Reader has no parameter for it
	r     io.Reader
	close func() error
	times gzipTimes
}

// Inputs returns the names of the inputs for FILE arguments; without any, stdin ("-"). It
// refuses a terminal on stdin, since nobody types such data.
func (t *Tool) Inputs(files []string) ([]string, error) {
	if len(files) == 0 {
		files = []string{"-"}
	}
	stdin := 0
	for _, name := range files {
		if name != "-" {
			continue
		}
		if stdin++; stdin > 1 {
			return nil, Usage("stdin (-) is named twice", "name it once")
		}
		if isClosed(t.In) {
			return nil, Usage("no input: stdin is closed, and no FILE is named", t.command+" FILE, or pipe data into it")
		}
		if IsTerminal(t.In) {
			hint := t.command + " FILE, or pipe data into it; see " + t.command + " --help"
			return nil, Usage("no input: stdin is a terminal, and no FILE is named", hint)
		}
	}
	return files, nil
}

// Open opens an input. An input without a single byte is an EmptyError. Reading ends when
// ctx does.
func (t *Tool) Open(ctx context.Context, name string) (*Input, error) {
	in := &Input{Name: name, ctx: ctx, close: func() error { return nil }}
	var raw io.Reader
	if name == "-" {
		in.Name, in.fed = "stdin", t.IsFed()
		r := t.newReader(ctx, t.In, inputName)
		raw, in.close = r, r.Close
	} else {
		f, err := t.openFile(ctx, name, os.O_RDONLY)
		if errors.Is(err, fs.ErrNotExist) {
			hint := name + " is read as the name of a file; see " + t.command + " --help"
			if slices.Contains(t.commands, name) {
				hint = name + " is a command, and comes before the files: " + t.Name + " " + name + " FILE"
			}
			return nil, Hint(err, hint)
		}
		if err != nil {
			return nil, err
		}
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			in.File = f
			raw, in.close = f, f.Close
		} else { // a named pipe may be silent for as long as stdin
			r := t.newReader(ctx, f, name)
			raw, in.close = r, func() error { return errors.Join(r.Close(), f.Close()) }
		}
	}
	buffered := bufio.NewReaderSize(raw, 256<<10)
	in.r = buffered
	t.setStarved(true)
	head, err := buffered.Peek(2)
	t.setStarved(false)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(fmt.Errorf("read %s: %w", in.Name, err), in.Close())
	}
	if len(head) == 0 {
		return nil, errors.Join(t.EmptyError(name), in.Close())
	}
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		in.File = nil
		in.r = &gzipMembers{in: buffered, times: &in.times}
	}
	return in, nil
}

// Read reads decompressed bytes.
func (in *Input) Read(p []byte) (int, error) {
	if in.ctx.Err() != nil { // reading a file on disk does not look at it
		return 0, context.Cause(in.ctx)
	}
	n, err := in.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read %s: %w", in.Name, err)
		if in.fed && errors.Is(err, errBreaksOff) {
			err = Upstream(err)
		}
	}
	return n, err
}

// Oldest returns the oldest time in the gzip headers read so far, or the zero time if
// there is none.
func (in *Input) Oldest() time.Time { return in.times.oldest }

// Close closes the input.
func (in *Input) Close() error { return in.close() }

type gzipTimes struct{ oldest time.Time }

func (g *gzipTimes) add(at time.Time) {
	if !at.IsZero() && at.Unix() != 0 && (g.oldest.IsZero() || at.Before(g.oldest)) {
		g.oldest = at
	}
}

// gzipMembers reads gzip members one after another. The library can do that, too, but
// keeps only the header of the first.
type gzipMembers struct {
	in    *bufio.Reader
	times *gzipTimes
	z     *gzip.Reader
}

func (m *gzipMembers) Read(p []byte) (int, error) {
	for {
		if m.z == nil {
			z, err := gzip.NewReader(m.in)
			if err != nil {
				return 0, gzipError(err)
			}
			m.z = z
			m.begin()
		}
		n, err := m.z.Read(p)
		if n > 0 || err == nil {
			return n, nil
		}
		if !errors.Is(err, io.EOF) {
			return 0, gzipError(err)
		}
		switch err := m.z.Reset(m.in); {
		case errors.Is(err, io.EOF):
			return 0, io.EOF
		case err != nil:
			return 0, gzipError(err)
		}
		m.begin()
	}
}

func (m *gzipMembers) begin() {
	m.z.Multistream(false)
	m.times.add(m.z.ModTime)
}

var errBreaksOff = errors.New("the gzip data breaks off")

// gzipError returns the library's error in our words.
func gzipError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errBreaksOff
	case errors.Is(err, gzip.ErrHeader):
		return errors.New("the gzip data is damaged, or followed by something that is not gzip")
	case errors.Is(err, gzip.ErrChecksum):
		return errors.New("the gzip data is damaged: its checksum does not match")
	default:
		return fmt.Errorf("the gzip data is damaged: %w", err)
	}
}
