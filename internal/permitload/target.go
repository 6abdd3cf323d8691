package permitload

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"a0permit/internal/permit"
	"a0permit/internal/tool"
)

// place is the environment of a run, with its names if the key may read them.
type place struct {
	project, environment         string // for calls
	projectName, environmentName string // "" where they are not known
	region                       string

	text struct{ project, environment string } // for people
}

// newPlace returns a place whose names are not known.
func newPlace(project, environment, region string) place {
	p := place{project: project, environment: environment, region: region}
	p.text.project, p.text.environment = project, environment
	return p
}

// readNames reads the names of environment and project. A key may not be allowed to, so a
// failure does not stop the run; the ids are shown instead.
func (s *session) readNames(ctx context.Context) {
	client, p := s.client.WithAttempts(nameAttempts), &s.report.place
	for _, each := range []struct {
		read       func(context.Context) (permit.Place, error)
		name, text *string
	}{
		{client.Environment, &p.environmentName, &p.text.environment},
		{client.Project, &p.projectName, &p.text.project},
	} {
		found, err := each.read(ctx)
		if err != nil {
			s.tool.Log.Info("the key does not read a name; the id stands for it", "error", err)
			return
		}
		*each.name, *each.text = found.Name, found.Name
		if key := cmp.Or(found.Key, found.Name); key != found.Name {
			*each.text = fmt.Sprintf("%s (%s)", found.Name, key)
		}
	}
}

// nameAttempts bounds the attempts to read a name, which is not worth a wait.
const nameAttempts = 2

// String returns the environment for people.
func (p place) String() string { return "environment " + p.text.environment }

func (s *session) printTarget() {
	s.tool.Say("target: %s, %s", s.report.place.inProject(), s.report.place.region)
}

func (p place) inProject() string { return fmt.Sprintf("%s, project %s", p, p.text.project) }

// errElsewhere returns the error for a key of another environment than the flags name, or
// than the one that answers. It names the environment of the key.
func (s *session) errElsewhere(ctx context.Context, scope permit.Scope) error {
	if scope.Project == "" || scope.Environment == "" {
		return tool.Usage("the API key gives no access to "+s.settings.target.String(), useItsKey)
	}
	s.client.In(scope.Project, scope.Environment)
	s.report.place = newPlace(scope.Project, scope.Environment, s.client.Region())
	s.readNames(ctx)
	says := "the API key is for " + s.report.place.inProject()
	if s.settings.target == (target{}) {
		return tool.Usage(says+"; another environment answers", urlHint)
	}
	return tool.Usage(says+"; not for "+s.settings.target.String(), useItsKey)
}

const useItsKey = "use a key of that environment, or leave --project and --environment out"

// String returns the flags as they were typed.
func (t target) String() string {
	var flags []string
	if t.project != "" {
		flags = append(flags, "--project "+t.project)
	}
	if t.environment != "" {
		flags = append(flags, "--environment "+t.environment)
	}
	return strings.Join(flags, " ")
}
