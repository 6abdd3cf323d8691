package tool

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// screen is stderr, which messages, diagnostics and a progress bar share: what is
// printed while a bar stands there goes above it.
type screen struct {
	mu  sync.Mutex
	w   io.Writer
	bar *progressbar.ProgressBar // nil when none stands there
}

func (s *screen) Write(p []byte) (int, error) { return s.above(s.w, p) }

func (s *screen) above(w io.Writer, p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar == nil {
		return w.Write(p)
	}
	_ = s.bar.Clear() // a stderr that cannot be written to has nobody left to see it
	defer func() { _ = s.bar.RenderBlank() }()
	return w.Write(p)
}

// Above is a stream that may be the same terminal as stderr: what is written to
// it does not run into a progress bar.
func (t *Tool) Above(w io.Writer) io.Writer { return above{t.screen, w} }

type above struct {
	screen *screen
	w      io.Writer
}

func (a above) Write(p []byte) (int, error) { return a.screen.above(a.w, p) }

// How progress is shown.
type showing int

const (
	nothing showing = iota
	lines           // one every half minute
	bars
)

// showing settles --progress. By itself a bar is drawn only where stderr is a
// terminal and stdout is no pipe: in a pipe, the last tool alone draws.
func (t *Tool) showing(progress string) showing {
	dumb := t.env.get("TERM") == "dumb"
	switch {
	case progress == "never" || t.quiet:
		return nothing
	case dumb || t.json:
		return lines
	case progress == "always", IsTerminal(t.screen.w) && !isPipe(t.Out):
		return bars
	}
	return lines
}

func isPipe(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

// Progress is how far something is that takes its time. It is safe for
// concurrent use.
type Progress struct {
	tool  *Tool
	what  string
	total int // 0: not known

	n     int
	began time.Time
	told  time.Time
}

// sayEvery is how often a line tells of progress where no bar can.
const sayEvery = 30 * time.Second

// Progress begins to count something, of a total or 0. One counts at a time.
func (t *Tool) Progress(what string, total int) *Progress {
	p := &Progress{tool: t, what: what, total: total, began: time.Now(), told: time.Now()}
	if t.progress != bars {
		return p
	}
	size := total
	if size == 0 {
		size = -1
	}
	s := t.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bar = progressbar.NewOptions(size,
		progressbar.OptionSetWriter(s.w), progressbar.OptionSetDescription(t.Name+": "+what), progressbar.OptionSetWidth(16),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(""), progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine of its own
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "=", SaucerHead: ">", SaucerPadding: " ", BarStart: "[", BarEnd: "]"}),
	)
	_ = s.bar.RenderBlank() // as above
	return p
}

// redrawEvery is how often a bar is drawn anew: the library's own throttle would
// also keep it from coming back behind a message.
const redrawEvery = 100 * time.Millisecond

// Add counts n more.
func (p *Progress) Add(n int) {
	if p == nil || p.tool.progress == nothing {
		return
	}
	s := p.tool.screen
	s.mu.Lock()
	p.n += n
	now, line := time.Now(), ""
	switch {
	case s.bar == nil && now.Sub(p.told) >= sayEvery:
		p.told, line = now, p.line(now)
	case s.bar != nil && now.Sub(p.told) >= redrawEvery && (p.total == 0 || p.n < p.total): // the last one ends it: see End
		p.told = now
		_ = s.bar.Set(p.n) // as above
	}
	s.mu.Unlock()
	if line != "" {
		p.tool.Say("%s", line)
	}
}

// line is how far it is, in words.
func (p *Progress) line(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", p.what, Thousands(p.n))
	took := now.Sub(p.began)
	if p.total > 0 {
		fmt.Fprintf(&b, " of %s (%d%%)", Thousands(p.total), 100*p.n/p.total)
	}
	fmt.Fprintf(&b, ", %s/s", Thousands(int(float64(p.n)/max(took.Seconds(), 1))))
	if p.total > 0 && p.n > 0 {
		left := time.Duration(float64(took) * float64(p.total-p.n) / float64(p.n))
		fmt.Fprintf(&b, ", about %s left", left.Round(time.Second))
	}
	return b.String()
}

// End takes the bar away.
func (p *Progress) End() {
	s := p.tool.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear() // as above
		s.bar = nil
	}
}
