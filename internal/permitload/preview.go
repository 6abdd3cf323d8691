package permitload

import (
	"errors"

	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// preview ends a dry run: it prints the first changes, and what the real run would refuse
// or ask.
func (l *loader) preview(plan *reconcile.Plan, snap *snapshot.Snapshot) error {
	if err := l.printChanges(plan, snap); err != nil {
		return err
	}
	l.printEstimate(plan)
	stops := l.printStops(plan)
	isOut := l.leavesOut(plan)
	for op := range plan.Operations() {
		if isOut(op) {
			l.ledger.RuleOut(op)
		}
	}
	return l.endDryRun(stops)
}

// endDryRun prints that nothing was written.
func (s *session) endDryRun(stops bool) error {
	if err := s.ledger.Check(); err != nil {
		return err
	}
	if s.settings.undo != "" {
		s.tool.Say("--undo: a dry run changes nothing, so %s is as it was", s.settings.undo)
	}
	if stops {
		s.tool.Say("nothing was written (--dry-run)")
	} else {
		s.tool.Say("nothing was written (--dry-run); leave --dry-run out to do it in %s", s.report.place)
	}
	return s.verdict()
}

// printStops prints what the real run would refuse or ask, and what to type. It reports
// whether the run would refuse anything.
func (l *loader) printStops(plan *reconcile.Plan) (stops bool) {
	stops = l.warnOfStop(l.checkResemblances(plan))
	stops = l.warnOfStop(l.checkMixups(plan)) || stops
	if what := missing(plan); what != "" && l.createMissing == "ask" {
		l.tool.Say("the real run asks whether to create %s; --create-missing yes or no answers", what)
	}
	if len(plan.Grants) > 0 && l.grant == "ask" {
		l.tool.Say("the real run asks whether to %s; --grant yes or no answers", grantText(plan))
	}
	if question := l.warnOfTwins(plan); question != "" {
		l.sayAsks(question, apartHint)
	}
	if c, due := l.changeToAsk(plan); due {
		l.sayAsks(c.String(), "--change-limit is "+percentText(l.changeLimit)+", in percent")
	}
	if !l.replaceRoles {
		return stops
	}
	stops = l.warnOfStop(l.checkAge(plan)) || stops
	if c := plan.Counts; c.Unassign > 0 {
		stops = l.previewRemoval(pruning(c), c.Unassign, c.InScope) || stops
	}
	return stops
}

// previewRemoval prints whether the real run would refuse the removal or ask.
func (s *session) previewRemoval(what string, n, inScope int) (stops bool) {
	if err := s.checkLimit("to "+what, n, inScope); err != nil {
		return s.warnOfStop(err)
	}
	s.sayAsks(what, s.undoWords())
	return false
}

// sayAsks prints that the real run asks.
func (s *session) sayAsks(what, why string) {
	if s.settings.removal.yes {
		return
	}
	s.tool.Say("the real run asks whether to %s (%s); --yes answers yes", what, why)
}

// warnOfStop warns that the real run stops with err. It reports whether it does.
func (s *session) warnOfStop(err error) (stops bool) {
	if err == nil {
		return false
	}
	s.tool.Warn("the real run stops: %v", err)
	if e, ok := errors.AsType[*tool.Error](err); ok {
		for _, hint := range e.Hints {
			s.tool.Hint("%s", hint)
		}
	}
	return true
}
