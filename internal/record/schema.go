package record

import _ "embed" // for Schema

// Schema is the JSON Schema of a line.
//
//go:embed schema.json
var Schema []byte
