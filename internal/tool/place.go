package tool

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// place is a source or target of bytes: a stream, or what a flag or an argument names.
type place struct {
	name     string // for people
	path     string // "" for a stream
	info     fs.FileInfo
	isStdout bool
	isInput  bool // only read; it may be named twice
}

// placeOf returns the place at a path.
func placeOf(name, path string) place {
	abs, _ := filepath.Abs(path)
	target, n := follow(abs)
	p := place{name: name, path: target, isStdout: n == 1}
	p.info, _ = os.Stat(path) // nil if nothing exists there yet
	return p
}

// is reports whether two places are the same file. Pipes and devices may be shared.
func (p place) is(other place) bool {
	switch {
	case p.isStdout && other.isStdout:
		return true
	case p.info == nil || other.info == nil:
		return p.info == other.info && p.path != "" && p.path == other.path
	}
	return p.info.Mode().IsRegular() && os.SameFile(p.info, other.info)
}

// checkFiles refuses two places that are the same file under any names, unless both are
// only read. Otherwise an output would replace an input, or another output. Before this
// check, the file of --summary may be another flag's.
func (t *Tool) checkFiles(c *cli.Context) error {
	if err := checkNames(c); err != nil {
		return err
	}
	places := t.places(c)
	for i, p := range places {
		for _, other := range places[i+1:] {
			isOneLog := p.name == "stdout" && other.name == "stderr"
			if p.is(other) && !isOneLog && (!p.isInput || !other.isInput) {
				problem := fmt.Sprintf("%s and %s name the same file", p.name, other.name)
				return Usage(problem, "write to another file")
			}
		}
	}
	t.summary = c.String("summary")
	return nil
}

// places returns the places of flags and arguments, and the streams. A path that leads to
// a stream is that stream.
func (t *Tool) places(c *cli.Context) []place {
	var all []place
	for _, flag := range c.App.Flags {
		name := flag.Names()[0]
		path := c.String(name)
		if docOf(flag).metavar != "FILE" || path == "" || path == "-" {
			continue
		}
		_, n := follow(path)
		if isStdout := n == 1 && name != "output"; n < 0 || n > 2 || isStdout {
			all = append(all, placeOf("--"+name, path))
		}
	}
	for _, arg := range c.Args().Slice() {
		if arg != "-" {
			p := placeOf(arg, arg)
			p.isInput = true
			all = append(all, p)
		}
	}
	return append(all, t.streams(writesStdout(c))...)
}

// lateFiles are flags of files that are made late in a run: nobody should lose the run
// for a wrong name.
var lateFiles = []string{"summary", "plan", "extra"}

// checkNames refuses names of files that cannot be right.
func checkNames(c *cli.Context) error {
	for _, flag := range c.App.Flags {
		name := flag.Names()[0]
		if docOf(flag).metavar != "FILE" || !c.IsSet(name) {
			continue
		}
		p := placeOf("--"+name, c.String(name))
		isLate := slices.Contains(lateFiles, name) && c.String(name) != "-"
		switch _, err := os.Stat(filepath.Dir(p.path)); {
		case c.String(name) == "":
			return Usage(p.name+": the name of the file is empty", "leave "+p.name+" out, or name a file")
		case isLate && p.info != nil && p.info.IsDir():
			return Usage(p.name+": "+c.String(name)+" is a directory", "name a file")
		case isLate && p.info == nil && err != nil:
			return Usage(p.name+": "+err.Error(), "name a file in a directory that exists")
		}
	}
	return nil
}

// streams returns the places of the streams.
func (t *Tool) streams(withStdout bool) []place {
	all := []place{{name: "stdin", info: statStream(t.In), isInput: true}}
	if withStdout {
		all = append(all, place{name: "stdout", isStdout: true, info: statStream(t.Out)})
	}
	return append(all, place{name: "stderr", info: statStream(t.screen.w)})
}

// summaryPath returns the path of --summary in a refused command line, or "". It leaves
// alone a file that is named for something else as well.
func (t *Tool) summaryPath(args []string) string {
	for i, arg := range args {
		flag, path, joined := strings.Cut(arg, "=")
		if strings.TrimLeft(flag, "-") != "summary" || flag == "summary" {
			continue
		}
		others := slices.Delete(slices.Clone(args), i, i+1)
		if !joined && i+1 < len(args) {
			path = args[i+1]
			others = slices.Delete(others, i, i+1)
		}
		if _, n := follow(path); n == 2 {
			return path
		}
		summary := placeOf("", path)
		clash := func(other place) bool { return summary.is(other) }
		clashes := slices.ContainsFunc(t.streams(true), clash) || slices.ContainsFunc(others, func(arg string) bool {
			_, value, _ := strings.Cut(arg, "=")
			return clash(placeOf("", arg)) || clash(placeOf("", value))
		})
		if clashes || path == "-" {
			return ""
		}
		return path
	}
	return ""
}

// writesStdout reports whether the data goes to stdout.
func writesStdout(c *cli.Context) bool {
	path := c.String("output")
	_, n := follow(path)
	return path == "" || path == "-" || n == 1
}

// follow returns where a path leads through links, even if nothing exists there yet. If
// it leads to a descriptor of this process, follow also returns its number, else -1.
func follow(path string) (target string, descriptor int) {
	const mostLinks = 40 // as the kernel shows it
	for range mostLinks {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			break
		}
		base := filepath.Base(path)
		path = filepath.Join(dir, base)
		if n, ok := descriptorOf(dir, base); ok {
			return path, n
		}
		link, err := os.Readlink(path)
		if err != nil {
			break
		}
		if path = link; !filepath.IsAbs(link) {
			path = filepath.Join(dir, link)
		}
	}
	return path, -1
}

var descriptorDir = regexp.MustCompile(`^(/dev/fd|/proc/(\d+|self)/(task/\d+/)?fd)$`)

// descriptorOf returns the number of the descriptor with this name in the system's folder
// of descriptors, or -1 if it belongs to another process. ok is false for any other file.
func descriptorOf(dir, base string) (n int, ok bool) {
	match := descriptorDir.FindStringSubmatch(dir)
	if match == nil {
		n = slices.Index([]string{"/dev/stdin", "/dev/stdout", "/dev/stderr"}, dir+"/"+base)
		return n, n >= 0
	}
	n, err := strconv.Atoi(base)
	if pid := match[2]; err != nil || pid != "" && pid != "self" && pid != strconv.Itoa(os.Getpid()) {
		return -1, true
	}
	return n, true
}
