package tool

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// screen is stderr, shared by messages, the log and a progress bar. All other lines are
// printed above the bar.
type screen struct {
	mu  sync.Mutex
	w   *stream
	bar string // the line below all others, "" when there is none
}

// Write writes whole lines. It makes outside text visible even in a file, since somebody
// will look at that on a terminal.
func (s *screen) Write(p []byte) (int, error) {
	if _, err := s.writeAbove(s.w, visible(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *screen) writeAbove(w io.Writer, p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar == "" {
		return w.Write(p)
	}
	s.w.command(clearLine)
	defer func() { s.w.command(s.bar) }()
	return w.Write(p)
}

// setBar draws a bar below all other lines, replacing the present one. "" removes it. The
// caller holds the lock.
func (s *screen) setBar(line string) {
	if line == "" && s.bar != "" {
		s.w.command(clearLine)
	}
	s.bar = ""
	if line != "" {
		s.bar = "\r" + line + clearRest
		s.w.command(s.bar)
	}
}

// These are what a terminal understands.
const (
	clearRest = "\x1b[K" // of the line
	clearLine = "\r" + clearRest
)

// Above returns a writer to w, which may be the same terminal as stderr. It writes above
// a progress bar.
func (t *Tool) Above(w io.Writer) io.Writer { return above{t.screen, w} }

type above struct {
	screen *screen
	w      io.Writer
}

func (a above) Write(p []byte) (int, error) { return a.screen.writeAbove(a.w, p) }

// progressMode is how progress is shown.
type progressMode int

const (
	progressNone progressMode = iota
	progressLines
	progressBar
)

// progressMode decides how progress is shown. With --progress auto a bar needs a
// stderr that is a terminal and that nobody else writes to. Therefore stdout must
// not be a pipe: in a pipe only the last tool draws. And unless the tool draws
// apart from its input and output, stdin must not be a pipe either, and no data
// may go to a terminal.
func (t *Tool) progressMode(c *cli.Context) progressMode {
	progress := c.String("progress")
	dataOnTerminal := writesStdout(c) && IsTerminal(t.Out)
	alone := t.DrawsApart || !isPipe(t.In) && !dataOnTerminal
	switch {
	case progress == "never" || t.quiet:
		return progressNone
	case t.env.get("TERM") == "dumb" || t.json:
		return progressLines
	case progress == "always", IsTerminal(t.screen.w) && !isPipe(t.Out) && alone:
		return progressBar
	}
	return progressLines
}

func isPipe(stream any) bool {
	info := statStream(stream)
	return info != nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

// Progress shows how far a long operation has got. It is safe for concurrent use.
// A Progress has a goroutine, which End ends.
type Progress struct {
	tool  *Tool
	what  string
	total int // 0: not known
	began time.Time

	// These are guarded by the screen's lock.
	least  time.Duration
	n      int
	status string
	drawn  time.Time
	ended  bool

	stop chan struct{}
	done chan struct{}
}

const (
	logPeriod  = 30 * time.Second       // between two lines
	lookPeriod = 10 * time.Second       // the same on a terminal
	tickPeriod = time.Second            // between two drawings of a bar that stands still
	drawPeriod = 100 * time.Millisecond // at least, between two drawings of a bar that moves
)

// linePeriod returns the time between two lines.
func (t *Tool) linePeriod() time.Duration {
	if IsTerminal(t.screen.w) {
		return lookPeriod
	}
	return logPeriod
}

// Progress begins to count up to total or, if total is 0, without a known end. Only one
// Progress may count at a time.
func (t *Tool) Progress(what string, total int) *Progress {
	p := &Progress{
		tool: t, what: what, total: total, began: time.Now(),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	period := t.linePeriod()
	switch t.progress {
	case progressNone:
		close(p.done)
		return p
	case progressBar:
		period = tickPeriod
		p.show(p.began)
	case progressLines:
	}
	t.setCounting(true)
	go p.tick(period)
	return p
}

// AtLeast sets a lower bound for the duration of the operation, however fast it has been
// so far.
func (p *Progress) AtLeast(d time.Duration) {
	p.tool.screen.mu.Lock()
	p.least = d
	p.tool.screen.mu.Unlock()
}

// tick shows the progress at intervals, even if nothing moves.
func (p *Progress) tick(period time.Duration) {
	defer close(p.done)
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case now := <-ticker.C:
			p.show(now)
		}
	}
}

func (p *Progress) show(now time.Time) {
	s := p.tool.screen
	s.mu.Lock()
	line := ""
	switch {
	case p.ended:
	case p.tool.progress == progressBar:
		p.draw(now)
	case p.n == 0 && p.tool.isStarved() && now.Sub(p.drawn) < p.tool.linePeriod(): // the stage before speaks
	default:
		p.drawn = now
		line = p.line(now)
	}
	s.mu.Unlock()
	if line != "" {
		p.tool.Say("%s", line)
	}
}

// draw draws the bar; the caller holds the screen's lock.
func (p *Progress) draw(now time.Time) {
	const width = 12
	p.drawn = now
	s := p.tool.screen
	bar := string(`|/-\`[int(now.Sub(p.began)/tickPeriod)%4]) // it turns, since the end is not known
	if p.total > 0 && p.n <= p.total {
		done := strings.Repeat("=", width*p.n/p.total)
		bar = fmt.Sprintf("%3d%% [%-*s]", 100*p.n/p.total, width, done)
	}
	line := bar + "  " + p.line(now)
	s.setBar(line[:min(len(line), s.columns()-1)])
}

// columns returns the current width of the terminal.
func (s *screen) columns() int {
	const usual = 80
	var width int
	_ = control(s.w.w, func(fd uintptr) { width, _, _ = term.GetSize(int(fd)) })
	return cmp.Or(width, usual)
}

// Add counts n more.
func (p *Progress) Add(n int) {
	if p == nil || p.tool.progress == progressNone {
		return
	}
	s := p.tool.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	p.n += n
	if now := time.Now(); !p.ended && p.tool.progress == progressBar && now.Sub(p.drawn) >= drawPeriod {
		p.draw(now)
	}
}

// line returns the progress in words.
func (p *Progress) line(now time.Time) string {
	took := now.Sub(p.began)
	if p.status != "" {
		return p.statusLine(took)
	}
	if p.n == 0 && p.tool.isStarved() {
		return "waiting for " + inputName + ", " + minutes(took)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", p.what, Thousands(p.n))
	known := p.total > 0 && p.n <= p.total // more may exist by now than were counted
	if known {
		fmt.Fprintf(&b, " of %s", Thousands(p.total))
		if p.tool.progress == progressLines {
			fmt.Fprintf(&b, " (%d%%)", 100*p.n/p.total)
		}
	}
	if until := p.tool.waitEnd(); until.After(now) {
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

// End removes the bar and waits for the goroutine. It may be called again.
func (p *Progress) End() {
	if p == nil {
		return
	}
	s := p.tool.screen
	s.mu.Lock()
	if !p.ended && p.tool.progress != progressNone {
		close(p.stop)
		p.tool.setCounting(false)
		s.setBar("")
	}
	p.ended = true
	s.mu.Unlock()
	<-p.done
}
