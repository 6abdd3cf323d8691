package tool

import (
	"fmt"
	"time"
)

// Status sets what the run waits for, such as a job elsewhere. A progress then shows it
// before the count, with the time in place of a speed. "" ends it.
func (p *Progress) Status(text string) {
	if p == nil {
		return
	}
	p.tool.screen.mu.Lock()
	p.status = text
	p.tool.screen.mu.Unlock()
}

// statusLine returns the line of a progress that has a status.
func (p *Progress) statusLine(took time.Duration) string {
	line := p.status + ", " + minutes(took)
	if p.n > 0 {
		line += fmt.Sprintf("; %s: %s", p.what, Thousands(p.n))
	}
	return line
}
