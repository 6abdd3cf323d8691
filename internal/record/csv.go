package record

import (
	"bytes"
	"errors"
	"regexp"
)

// ErrCSV is returned by TypeOf for the header of a CSV table, which is for a0tojsonl.
var ErrCSV = errors.New("it is CSV")

var idCell = regexp.MustCompile(`(^|,)"?(user_id|role_id|organization_id|resource_server_id|Id)"?(,|$)`)

func isCSVHeader(text []byte) bool { return !bytes.HasPrefix(text, []byte{'{'}) && idCell.Match(text) }
