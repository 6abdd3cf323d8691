package permitload

import (
	"fmt"

	"a0permit/internal/tool"
)

// checkCut refuses input whose last line is cut, unless --allow-incomplete is given. The
// undo file of a killed run may end like that.
func (s *session) checkCut() error {
	cut := s.input.Cut
	switch {
	case cut == nil:
		return nil
	case s.settings.allowIncomplete:
		s.tool.Warn("%s is cut: the input broke off, and the line is left out", cut.Where)
		return nil
	}
	err := fmt.Errorf("%s is cut: the input broke off", cut.Where)
	if !cut.IsFile {
		return tool.Upstream(err)
	}
	return tool.Hint(err, "--allow-incomplete loads the lines before it")
}
