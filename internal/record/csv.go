package record

import (
	"bytes"
	"errors"
	"regexp"
)

// ErrCSV is the fault of a line that is the header of a table for a0tojsonl.
var ErrCSV = errors.New("it is CSV")

var idCell = regexp.MustCompile(`(^|,)"?(user_id|role_id|organization_id|resource_server_id|Id)"?(,|$)`)

// isCSVHeader reports whether a line is the header of such a table.
func isCSVHeader(text []byte) bool { return !bytes.HasPrefix(text, []byte{'{'}) && idCell.Match(text) }
