package auth0test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

const byteOrderMark = "\ufeff"

// column is one field of an export.
type column struct {
	title string
	path  path
}

// render returns the gzip file of an export. The same tenant gives the same bytes.
func (s *Server) render(j *job) []byte {
	fields := j.export.Fields
	if len(fields) == 0 {
		fields = defaultFields
	}
	columns := make([]column, len(fields))
	for i, f := range fields {
		// export_as renames the CSV column and the JSON key.
		columns[i] = column{title: f.ExportAs, path: parsePath(f.Name)}
		setDefault(&columns[i].title, f.Name)
	}
	var file bytes.Buffer
	zip := gzip.NewWriter(&file)
	if j.export.Format == formatCSV {
		s.writeHeader(zip, columns)
	}
	left := len(s.tenant.Users)
	if j.export.Limit != nil {
		left = min(left, *j.export.Limit)
	}
	for i := range s.tenant.Users {
		u := &s.tenant.Users[i]
		if left == 0 {
			break
		}
		if j.connection != "" && !u.hasConnection(j.connection) {
			continue
		}
		left--
		if j.export.Format == formatCSV {
			s.writeRow(zip, columns, u)
		} else {
			writeObject(zip, columns, u)
		}
	}
	_ = zip.Close() // a buffer never fails
	return file.Bytes()
}

// pack returns a gzip file of the parts, one after another.
func pack(parts ...[]byte) []byte {
	var file bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&file, gzip.BestSpeed) // a valid level never fails
	for _, part := range parts {
		_, _ = zip.Write(part) // a buffer never fails
	}
	_ = zip.Close()
	return file.Bytes()
}

func unpack(file []byte) []byte {
	zip, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		panic(err) // the file comes from pack or render
	}
	plain, err := io.ReadAll(zip)
	if err != nil {
		panic(err)
	}
	return plain
}

func (s *Server) writeHeader(w io.Writer, columns []column) {
	if s.opts.BOM {
		_, _ = io.WriteString(w, byteOrderMark)
	}
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = quoteIfNeeded(c.title)
	}
	s.writeCells(w, cells)
}

func (s *Server) writeRow(w io.Writer, columns []column, u *User) {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = s.cell(c.path.value(u))
	}
	s.writeCells(w, cells)
}

func (s *Server) writeCells(w io.Writer, cells []string) {
	end := "\n"
	if s.opts.CRLF {
		end = "\r\n"
	}
	_, _ = io.WriteString(w, strings.Join(cells, ",")+end) // a buffer never fails
}

// cell returns a value as a CSV cell. Only strings are escaped. Arrays and objects
// give empty cells: their parts have paths of their own.
func (s *Server) cell(v any) string {
	switch v := v.(type) {
	case string:
		if s.opts.Plain {
			return quoteIfNeeded(v)
		}
		return escapeCell(v)
	case iso:
		return string(v)
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// escapeCell returns a cell that no spreadsheet takes for a formula: it doubles
// quotes, adds a leading apostrophe and quotes the result. docs: bulk user exports, CSV
// injection escaping.
func escapeCell(s string) string {
	return `"'` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func quoteIfNeeded(s string) string {
	if !strings.ContainsAny(s, "\",\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// writeObject writes a row in the json format, one object per line. It leaves out
// absent attributes.
func writeObject(w io.Writer, columns []column, u *User) {
	var line bytes.Buffer
	line.WriteByte('{')
	for _, c := range columns {
		v := c.path.value(u)
		if v == nil {
			continue
		}
		if line.Len() > 1 {
			line.WriteByte(',')
		}
		line.Write(encode(c.title))
		line.WriteByte(':')
		line.Write(encode(v))
	}
	line.WriteString("}\n")
	_, _ = w.Write(line.Bytes())
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // all values came from JSON
	}
	return b
}
