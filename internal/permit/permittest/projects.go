package permittest

import (
	"encoding/json"
	"net/http"
)

// projectRead is the ProjectRead of the spec.
type projectRead struct {
	Key          string          `json:"key"`
	ID           string          `json:"id"`
	Organization string          `json:"organization_id"`
	Name         string          `json:"name"`
	Description  opt             `json:"description,omitzero"`
	Settings     json.RawMessage `json:"settings"`
	Created      stamp           `json:"created_at"`
	Updated      stamp           `json:"updated_at"`
}

// environmentRead is the EnvironmentReadWithEmailConfig of the spec.
type environmentRead struct {
	projectRead
	Project string `json:"project_id"`
	Branch  opt    `json:"custom_branch_name,omitzero"`
	Email   string `json:"email_configuration"`
}

const emailConfigurationID = "00000004-0000-4000-8000-0000000000dd"

func (s *Server) readProject() projectRead {
	return projectRead{
		Key: ProjectKey, ID: s.showID(ProjectID), Organization: s.showID(OrganizationID), Name: ProjectName,
		Description: s.optional(""), Settings: s.attributes(nil),
		Created: stamp(s.bornClock), Updated: stamp(s.bornClock),
	}
}

func (s *Server) readEnvironment() environmentRead {
	r := environmentRead{
		projectRead: s.readProject(), Project: s.showID(ProjectID),
		Branch: s.optional(""), Email: s.showID(emailConfigurationID),
	}
	r.Key, r.ID, r.Name = EnvironmentKey, s.showID(EnvironmentID), EnvironmentName
	return r
}

func (s *Server) listProjects(c *call) (answer, error) {
	return answerNames(s, c, s.readProject())
}

func (s *Server) getProject(*call) (answer, error) {
	if err := s.checkNames(); err != nil {
		return answer{}, err
	}
	return answerOK(s.readProject())
}

func (s *Server) listEnvironments(c *call) (answer, error) {
	return answerNames(s, c, s.readEnvironment())
}

func (s *Server) getEnvironment(*call) (answer, error) {
	if err := s.checkNames(); err != nil {
		return answer{}, err
	}
	return answerOK(s.readEnvironment())
}

// answerNames answers with a list of one item.
func answerNames[R any](s *Server, c *call, only R) (answer, error) {
	g := c.query.page(100)
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	if err := s.checkNames(); err != nil {
		return answer{}, err
	}
	return answerPage([]R{only}, nil, g, false, func(r R) R { return r })
}

// checkNames applies Options.HideNames. Permit's Python SDK makes these calls with the
// key of an environment; what Permit answers is unverified.
func (s *Server) checkNames() error {
	if s.o.HideNames {
		return errRefused(http.StatusForbidden, "FORBIDDEN_ACCESS", "the api key may not read projects and environments")
	}
	return nil
}
