package permitload

import (
	"fmt"

	"a0permit/internal/tool"
)

// checkCut refuses input of which the last line is cut, as that of an undo file may be
// whose run was killed, unless it may be incomplete.
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
