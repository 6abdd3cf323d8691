package tool

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"
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
// terminal that nobody else writes to: stdout is no pipe, since in a pipe the last
// tool alone draws; and for a tool that draws while it reads and writes, stdin is
// no pipe, and no data goes to a terminal.
func (t *Tool) showing(c *cli.Context) showing {
	progress, output := c.String("progress"), c.String("output")
	data := (output == "" || output == "-") && IsTerminal(t.Out)
	alone := t.DrawsApart || !isPipe(t.In) && !data
	switch {
	case progress == "never" || t.quiet:
		return nothing
	case t.env.get("TERM") == "dumb" || t.json:
		return lines
	case progress == "always", IsTerminal(t.screen.w) && !isPipe(t.Out) && alone:
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
// concurrent use. A Progress has a goroutine, which End ends.
type Progress struct {
	tool  *Tool
	what  string
	total int // 0: not known
	began time.Time

	// Guarded by the screen's lock.
	least time.Duration
	n     int
	drawn time.Time
	ended bool

	stop chan struct{}
	done chan struct{}
}

const (
	sayEvery    = 30 * time.Second       // where lines tell
	redrawEvery = 100 * time.Millisecond // a bar at most, when it moves
	tickEvery   = time.Second            // a bar, when nothing moves
)

// Progress begins to count something, of a total or 0. One counts at a time.
func (t *Tool) Progress(what string, total int) *Progress {
	p := &Progress{tool: t, what: what, total: total, began: time.Now(), stop: make(chan struct{}), done: make(chan struct{})}
	every := sayEvery
	switch t.progress {
	case nothing:
		close(p.done)
		return p
	case bars:
		every = tickEvery
		t.screen.begin(total)
		p.tell(p.began)
	case lines:
	}
	go p.tick(every)
	return p
}

// AtLeast says that it takes so long, whatever its pace so far.
func (p *Progress) AtLeast(d time.Duration) {
	p.tool.screen.mu.Lock()
	p.least = d
	p.tool.screen.mu.Unlock()
}

// begin puts a bar on the screen. What is said beside it is Progress's own line.
func (s *screen) begin(total int) {
	if total == 0 {
		total = -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bar = progressbar.NewOptions(total,
		progressbar.OptionSetWriter(s.w), progressbar.OptionSetWidth(barWidth), progressbar.OptionShowDescriptionAtLineEnd(),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionClearOnFinish(),
		progressbar.OptionUseANSICodes(true),          // which clear a line however wide it has become
		progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine of its own
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "=", SaucerHead: ">", SaucerPadding: " ", BarStart: "[", BarEnd: "]"}),
	)
}

const (
	barWidth = 12
	beside   = len(" 100% []  ") + barWidth + 2 // columns that the bar takes of a line
)

// tick tells of progress also while nothing moves.
func (p *Progress) tick(every time.Duration) {
	defer close(p.done)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case now := <-ticker.C:
			p.tell(now)
		}
	}
}

func (p *Progress) tell(now time.Time) {
	s := p.tool.screen
	s.mu.Lock()
	line := ""
	switch {
	case p.ended:
	case s.bar != nil:
		p.draw(now)
	default:
		line = p.line(now)
	}
	s.mu.Unlock()
	if line != "" {
		p.tool.Say("%s", line)
	}
}

// draw needs the screen's lock. A stderr that cannot be written to has nobody
// left to see it.
func (p *Progress) draw(now time.Time) {
	p.drawn = now
	s := p.tool.screen
	line := p.line(now)
	s.bar.Describe(line[:min(len(line), max(s.columns()-beside, 0))])
	if p.total == 0 || p.n < p.total { // the last one would end it: see End
		_ = s.bar.Set(p.n)
	}
}

// columns is how wide the terminal is now.
func (s *screen) columns() int {
	const usual = 80
	f, ok := s.w.(interface{ Fd() uintptr })
	if !ok {
		return usual
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width == 0 {
		return usual
	}
	return width
}

// Add counts n more.
func (p *Progress) Add(n int) {
	if p == nil || p.tool.progress == nothing {
		return
	}
	s := p.tool.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	p.n += n
	if s.bar == nil || p.ended {
		return
	}
	if now := time.Now(); now.Sub(p.drawn) >= redrawEvery {
		p.draw(now)
	}
}

// line is how far it is, in words.
func (p *Progress) line(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", p.what, Thousands(p.n))
	took := now.Sub(p.began)
	known := p.total > 0 && p.n <= p.total // what was counted may have grown meanwhile
	if known {
		fmt.Fprintf(&b, " of %s", Thousands(p.total))
		if p.tool.progress == lines {
			fmt.Fprintf(&b, " (%d%%)", 100*p.n/p.total)
		}
	}
	if until := p.tool.waitingUntil(); until.After(now) {
		fmt.Fprintf(&b, ", waiting until %s", until.Format(time.TimeOnly))
		return b.String()
	}
	if took < time.Second {
		return b.String()
	}
	fmt.Fprintf(&b, ", %s/s", Thousands(int(float64(p.n)/took.Seconds())))
	if known && p.n > 0 {
		left := time.Duration(float64(took) * float64(p.total-p.n) / float64(p.n))
		fmt.Fprintf(&b, ", about %s left", max(left, p.least-took).Round(time.Second))
	}
	return b.String()
}

// End takes the bar away and waits for the goroutine. It may be called again.
func (p *Progress) End() {
	if p == nil {
		return
	}
	s := p.tool.screen
	s.mu.Lock()
	if !p.ended && p.tool.progress != nothing {
		close(p.stop)
		if s.bar != nil {
			_ = s.bar.Clear()
			s.bar = nil
		}
	}
	p.ended = true
	s.mu.Unlock()
	<-p.done
}
