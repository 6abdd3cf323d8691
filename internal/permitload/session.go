package permitload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/permitload/apply"
	"a0permit/internal/permitload/intake"
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// session is one run of a sub-command, with what its stages share.
type session struct {
	settings settings
	tool     *tool.Tool
	screen   *screen
	client   *permit.Client
	desired  *reconcile.Desired
	input    *intake.Input
	ledger   *ledger.Ledger
	roles    []permit.Role // in Permit
	report   *report
}

func newSession(cfg settings, rules reconcile.Rules, t *tool.Tool, client *permit.Client) *session {
	desired := reconcile.NewDesired(rules)
	input := intake.New(desired)
	terminal := tool.IsTerminal(t.Out)
	book := ledger.New(input, t.Above(t.Out), terminal)
	book.DryRun = cfg.dryRun
	return &session{
		settings: cfg, tool: t, screen: &screen{tool: t}, client: client, desired: desired, input: input, ledger: book,
		report: &report{ledger: book, dryRun: cfg.dryRun, deletes: rules.Delete, terminal: terminal},
	}
}

// enter finds out the environment of the key before the input is read, so that a wrong
// key does not cost a long export.
func (s *session) enter(ctx context.Context) error {
	scope, err := s.client.Scope(ctx)
	switch {
	case err == nil && scope.Organization == "":
		return tool.Hint(errors.New("GET /v2/api-key/scope: the answer is not about an API key"), urlHint)
	case httpapi.SpeaksPlain(err):
		return err
	case httpapi.IsForeign(err): // whatever answers is not Permit
		return tool.Hint(err, urlHint, tool.InBetween)
	case err != nil && permit.Status(err) == 0 && ctx.Err() == nil, permit.IsNotFound(err):
		return tool.Hint(err, urlHint)
	case err != nil:
		return err
	}
	project := cmp.Or(s.settings.target.project, scope.Project)
	environment := cmp.Or(s.settings.target.environment, scope.Environment)
	if project == "" || environment == "" {
		level, flags := "a project", "--environment ENVIRONMENT"
		if scope.Project == "" {
			level, flags = "an organization", "--project PROJECT --environment ENVIRONMENT"
		}
		return tool.Usage("this is "+level+"'s key; use an environment's key (Permit > Settings > API Keys)",
			"or name the environment: "+flags)
	}
	s.client.In(project, environment)
	s.report.place = newPlace(project, environment, s.client.Region())
	s.roles, err = snapshot.Roles(ctx, s.client)
	if s.settings.target.isElsewhere(scope, s.roles, err) {
		return s.errElsewhere(ctx, scope)
	}
	if err != nil && !permit.IsUnproved(err) { // a role that the list missed turns up when it is created
		return err
	}
	s.readNames(ctx)
	s.printTarget()
	return ctx.Err()
}

// isElsewhere reports whether the flags name another environment than that of the key.
// roles and err are Permit's answer to the list of roles. Roles of another environment
// are proof; if the flags give names, which Permit resolves, so are a 403 and a 404.
func (t target) isElsewhere(scope permit.Scope, roles []permit.Role, err error) bool {
	if isAnotherID(t.project, scope.Project) || isAnotherID(t.environment, scope.Environment) {
		return true
	}
	isOther := func(r permit.Role) bool { return r.Environment != "" && r.Environment != scope.Environment }
	if scope.Environment != "" && slices.ContainsFunc(roles, isOther) {
		return true
	}
	if (t.project == "" || t.project == scope.Project) && (t.environment == "" || t.environment == scope.Environment) {
		return false
	}
	return permit.Status(err) == http.StatusForbidden && !httpapi.IsForeign(err) || permit.IsNotFound(err)
}

// isAnotherID reports whether name is an id other than that of the key. It compares UUIDs
// only, since any other name may stand for any id.
func isAnotherID(name, id string) bool {
	return name != id && id != "" && uuid.MatchString(name) && uuid.MatchString(id)
}

var uuid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// read reads the input to its end, and refuses input that was cut short.
func (s *session) read(ctx context.Context) error {
	for _, name := range s.settings.files {
		if err := s.readOne(ctx, name); err != nil {
			return err
		}
	}
	s.desired.Finish()
	if s.input.In[record.TypeTenant] < s.input.Ends.Counted[record.TypeTenant] {
		s.desired.LeaveOutTenants()
	}
	if err := s.checkCut(); err != nil {
		return err
	}
	switch ends := s.input.Ends; {
	case ends.Incomplete && !s.settings.allowIncomplete:
		err := errors.New("the input is not complete: its end line says so")
		if ends.Reason != "" {
			err = fmt.Errorf("the input is not complete: %s", ends.Reason)
		}
		if slices.Contains(s.settings.files, "-") && s.tool.IsFed() {
			return tool.Upstream(err)
		}
		return tool.Hint(err, "--allow-incomplete takes what there is")
	case ends.Count == 0 && s.settings.requireEnd:
		return tool.Hint(errors.New("the input has no end line: it may have been cut short"),
			"leave --require-end out to load it anyway")
	case ends.Count == 0:
		s.tool.Warn("the input has no end line: it may have been cut short")
	}
	s.printLeftOut()
	return nil
}

// printLeftOut warns if the input has fewer lines than its end lines count. A filter may
// have left them out on purpose, so it is no error.
func (s *session) printLeftOut() {
	var list []string
	for _, kind := range []string{record.TypeResource, record.TypeRole, record.TypeTenant, record.TypeUser} {
		if n, counted := s.input.In[kind], s.input.Ends.Counted[kind]; n < counted {
			list = append(list, fmt.Sprintf("%s of %s", tool.Thousands(n), tool.Count(counted, kind)))
		}
	}
	if len(list) > 0 {
		s.tool.Warn("the input has only %s that its end line counts: were the others left out on purpose?",
			strings.Join(list, ", "))
	}
}

func (s *session) readOne(ctx context.Context, name string) error {
	src, err := s.tool.Open(ctx, name)
	if err != nil {
		return err
	}
	if src.File != nil { // it stays open and is read again in place
		return s.input.Read(src.Name, src, src.File)
	}
	defer src.Close() //nolint:errcheck // it was only read
	return s.input.Read(src.Name, src, nil)
}

// apply carries out a plan, and closes the ledger in any case.
func (s *session) apply(
	ctx context.Context, plan *reconcile.Plan, snap *snapshot.Snapshot, options apply.Options,
) error {
	undo, err := s.beginUndo()
	if err != nil { // nothing was written
		s.screen.End()
		return err
	}
	options.UndoChanges = s.settings.undo != ""
	a := &apply.Applier{
		Client: s.client, Input: s.input, Ledger: s.ledger, Undo: undo, Progress: s.screen, Log: s.tool.Log,
		Options: options,
	}
	err = a.Run(ctx, plan, snap)
	s.report.found, s.report.unasked, s.report.stopped = a.Found, a.Unasked, err != nil
	s.screen.End()
	closing := s.ledger.Close(err)
	closing = cmp.Or(closing, undo.end(s.ledger.Closed))
	if err != nil && ctx.Err() != nil {
		what := "what was not loaded"
		if s.report.deletes {
			what = "who was not deleted"
		}
		err = tool.Hint(err, runAgain+"; "+what+" is on stdout")
	}
	if err != nil && closing != nil && !errors.Is(closing, tool.ErrUnread) {
		s.tool.Problem("%v", closing)
	}
	return cmp.Or(err, closing)
}

// reader returns a reader of snapshots.
func (s *session) reader() *snapshot.Reader {
	return &snapshot.Reader{Client: s.client, Input: s.input, Progress: s.screen}
}

// verdict returns the exit of a run that reached its end.
func (s *session) verdict() error {
	if s.ledger.HasFailures() || s.report.unasked > 0 {
		return tool.ErrRejected
	}
	return nil
}
