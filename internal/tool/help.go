package tool

// helpTemplate is what asked-for help looks like. A mistyped flag never prints
// it, since it goes to stdout.
const helpTemplate = `{{.Name}} - {{.Usage}}

USAGE
   {{.UsageText}}

FLAGS
   {{- range .VisibleFlags}}
   {{.}}
   {{- end}}
{{with .Description}}
{{.}}
{{end}}
EXIT STATUS
   0	all done
   1	stopped: network, sign-in, I/O, or input that makes going on unsafe
   2	usage: a flag or a setting; nothing was read or sent
   3	ran to the end, but some records were rejected
   130, 143	interrupted
`
