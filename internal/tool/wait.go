package tool

import (
	"fmt"
	"time"
)

// wait reports at intervals what the run waits for, unless progress is shown.
type wait struct {
	tool  *Tool
	began time.Time
	timer *time.Timer
}

func (t *Tool) newWait() *wait {
	return &wait{tool: t, began: time.Now(), timer: time.NewTimer(t.linePeriod())}
}

// say reports what the run waits for, and for how long.
func (w *wait) say(what string) {
	w.timer.Reset(w.tool.linePeriod())
	if w.tool.progress != progressNone && !w.tool.isCounting() {
		w.tool.Say("%s, %s", what, minutes(time.Since(w.began)))
	}
}

// inputName is the name of stdin in reports of a wait.
const inputName = "input"

// minutes returns a duration as a clock shows it.
func minutes(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
