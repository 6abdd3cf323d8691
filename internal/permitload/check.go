package permitload

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

func runCheck(c *cli.Context, t *tool.Tool) error {
	if c.NArg() > 0 {
		return tool.Usage("check reads no input", "permitload check")
	}
	classes, err := rates(c.StringSlice("rate"))
	if err != nil {
		return err
	}
	cfg := settings{target: target{c.String("project"), c.String("environment")}, classes: classes}
	client, err := newClient(c, t, cfg.classes)
	if err != nil {
		return err
	}
	s := newSession(cfg, reconcile.Rules{}, t, client)
	defer s.input.Close()
	t.SetReport(s.report)
	return withHint(s.check(c.Context))
}

// check names the environment of the key and says what the key may read there. It writes
// nothing, so it cannot tell whether the key may write.
func (s *session) check(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	holds := []string{tool.Count(len(s.roles), "role")}
	for _, each := range []struct {
		noun  string
		count func(context.Context) (int, bool, error)
	}{
		{"resource", s.client.CountResources},
		{"tenant", s.client.CountTenants},
		{"user", s.client.CountUsers},
		{"role assignment", s.client.CountAssignments},
	} {
		n, known, err := each.count(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("the key does not read %ss: %w", each.noun, err)
		case !known:
			return tool.Hint(errors.New("Permit does not say how many "+each.noun+"s there are"), urlHint)
		}
		holds = append(holds, tool.Count(n, each.noun))
	}
	s.tool.Say("the key reads all that a load needs: %s", strings.Join(holds, ", "))
	s.tool.Say("whether it may write shows at the first write: Permit does not tell before")
	s.tool.Say("nothing was written; next: permitload --dry-run records.jsonl")
	return nil
}
