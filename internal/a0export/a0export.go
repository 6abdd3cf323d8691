// Package a0export is the command a0export: it gets the users of an Auth0
// tenant by an export job, joins the roles on, and writes gzip CSV. What the
// columns mean further on is not its business.
package a0export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/urfave/cli/v2"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

// fields are the columns of the export. Auth0 takes any field name without
// complaint, so a misspelt one would come out empty.
var fields = []auth0.Field{
	{Name: "user_id"},
	{Name: "email"},
	{Name: "given_name"},
	{Name: "family_name"},
	{Name: "identities[0].connection", ExportAs: "provider"},
}

const description = `The token is read from AUTH0_MGMT_ACCESS_TOKEN, AUTH0_API_TOKEN or
AUTH0_ACCESS_TOKEN, in the environment or in .env. It needs the scopes
read:users, read:roles and read:role_members.

EXAMPLES
   a0export | a0tojsonl | permitload
   a0export -o users.csv.gz`

// Run is the command.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	t := tool.New("a0export", in, out, errs)
	// users is the default.
	if len(args) > 1 && args[1] == "users" {
		args = slices.Delete(slices.Clone(args), 1, 2)
	}
	return t.Run(ctx, &cli.App{
		Usage:       "export an Auth0 tenant's users and their roles as gzip CSV",
		UsageText:   "a0export [users] [flags] > users.csv.gz",
		Description: description,
		Flags: []cli.Flag{
			tool.OutputFlag(),
			&cli.StringFlag{Name: "domain", EnvVars: []string{"AUTH0_DOMAIN"}, Usage: "the tenant's `DOMAIN`, such as acme.eu.auth0.com"},
			tool.TokenFileFlag(),
			&cli.BoolFlag{Name: "no-roles", Usage: "leave the column roles out"},
			&cli.DurationFlag{Name: "poll-interval", Value: 10 * time.Second, Usage: "the longest `TIME` between two looks at the job"},
		},
		Action: func(c *cli.Context) error {
			e, err := newExporter(c, t)
			if err != nil {
				return err
			}
			t.SetReport(&e.report)
			return explain(e.run(c.Context, c.String("output")))
		},
	}, args)
}

type exporter struct {
	tool         *tool.Tool
	auth0        *auth0.Client
	roles        bool
	pollInterval time.Duration
	report       report
}

// report is what a run says at its end.
type report struct {
	Users       int    `json:"users"`
	Roles       int    `json:"roles"`
	RoleHolders int    `json:"role_holders"`
	Job         string `json:"job,omitempty"`
	Complete    bool   `json:"complete"`
}

func (r *report) String() string {
	if !r.Complete {
		return ""
	}
	return fmt.Sprintf("%s, %s of them with roles, %s", tool.Count(r.Users, "user"), tool.Thousands(r.RoleHolders), tool.Count(r.Roles, "role"))
}

func newExporter(c *cli.Context, t *tool.Tool) (*exporter, error) {
	if arg := c.Args().First(); arg != "" && arg != "users" || c.NArg() > 1 {
		return nil, tool.NoFiles(c)
	}
	if c.String("domain") == "" {
		return nil, tool.Usage("no tenant is named", "export AUTH0_DOMAIN=your-tenant.eu.auth0.com")
	}
	base, err := httpapi.ParseBase(c.String("domain"))
	if err != nil {
		return nil, tool.Usage("AUTH0_DOMAIN: "+err.Error(), "export AUTH0_DOMAIN=your-tenant.eu.auth0.com")
	}
	token, err := t.Token(c, "AUTH0_MGMT_ACCESS_TOKEN", "AUTH0_API_TOKEN", "AUTH0_ACCESS_TOKEN")
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, tool.Usage("there is no Auth0 token", "export AUTH0_API_TOKEN=... (Dashboard > Applications > APIs > Auth0 Management API > API Explorer)")
	}
	if c.Duration("poll-interval") <= 0 {
		return nil, tool.Usage("--poll-interval must be more than 0", "--poll-interval 10s")
	}
	if path := c.String("output"); path == "" && tool.IsTerminal(t.Out) {
		return nil, tool.Usage("stdout is a terminal, and gzip is nothing to read", "a0export > users.csv.gz, or -o users.csv.gz (-o - forces it)")
	}
	return &exporter{
		tool:         t,
		roles:        !c.Bool("no-roles"),
		pollInterval: c.Duration("poll-interval"),
		auth0: auth0.New(httpapi.Config{
			Base: base, Token: httpapi.Secret(token), UserAgent: t.UserAgent(), Log: t.Log,
			Pacer:  httpapi.NewQuota(t.Waiting),
			OnWait: func(wait time.Duration, why error) { t.Waiting(wait, why.Error()) },
		}),
	}, nil
}

// run is the export: roles, job, members of each role while the job runs, then
// the users past them.
func (e *exporter) run(ctx context.Context, path string) error {
	out, err := e.tool.Create(path)
	if err != nil {
		return err
	}
	defer out.Abort()
	var roles []auth0.Role
	if e.roles {
		if roles, err = e.auth0.Roles(ctx); err != nil {
			return err
		}
	}
	job, err := e.auth0.StartExport(ctx, fields)
	if err != nil {
		return err
	}
	e.report.Job = job.ID
	e.tool.Say("export job %s: %s", job.ID, job.Status)
	var held *holders
	if e.roles {
		if held, err = e.holders(ctx, roles); err != nil {
			return err
		}
	}
	if job, err = e.wait(ctx, job.ID, job.Status); err != nil {
		return err
	}
	if err := e.write(ctx, job, out, held); err != nil {
		return fmt.Errorf("export job %s: %w", job.ID, err)
	}
	if err := out.Commit(); err != nil {
		return err
	}
	e.report.Complete = true
	return nil
}

// holders reads the members of each tenant-wide role. An organization's own
// roles are not held tenant-wide.
func (e *exporter) holders(ctx context.Context, roles []auth0.Role) (*holders, error) {
	held := newHolders()
	for _, role := range roles {
		if role.Type == "organization" {
			continue
		}
		e.report.Roles++
		number := held.role(role.Name)
		for userID, err := range e.auth0.RoleUsers(ctx, role.ID) {
			if err != nil {
				return nil, err
			}
			held.add(userID, number)
		}
	}
	return held, nil
}

// write streams the export past the roles into gzip. The gzip stream is closed
// only when everything is in it, so that one that is not whole shows it.
func (e *exporter) write(ctx context.Context, job auth0.Job, out io.Writer, held *holders) error {
	body, err := e.download(ctx, job)
	switch {
	case httpapi.Unreachable(err): // not the tenant, which has answered so far
		return tool.Hint(fmt.Errorf("download: %w", err), "Auth0 hands the file out on another host: is that one let through from here?")
	case err != nil:
		return fmt.Errorf("download: %w", err)
	}
	defer body.Close() //nolint:errcheck // read to its end or given up
	plain, err := gunzip(body)
	if err != nil {
		return transferError(err)
	}
	packed := gzip.NewWriter(out)
	packed.ModTime = job.CreatedAt
	rows := bufio.NewWriterSize(packed, 64<<10)
	done, err := join(ctx, transfer{plain}, rows, held)
	e.report.Users, e.report.RoleHolders = done.users, done.holders
	if err != nil {
		return err
	}
	if held != nil && held.users() > done.holders {
		e.tool.Warn("%s with roles not in the export (created meanwhile, most likely)", tool.Count(held.users()-done.holders, "user"))
	}
	if err := rows.Flush(); err != nil {
		return outputError(err)
	}
	if err := packed.Close(); err != nil {
		return outputError(err)
	}
	return nil
}

// transfer tells the errors of the download from those of what was downloaded.
type transfer struct{ io.Reader }

func (t transfer) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = transferError(err)
	}
	return n, err
}

func transferError(err error) error {
	return tool.Hint(fmt.Errorf("the download broke off: %w", err), "run a0export again")
}

func outputError(err error) error { return fmt.Errorf("output: %w", err) }

// gunzip unpacks what Auth0 serves; whether it is packed is seen from its first
// bytes, since a server in between may have unpacked it.
func gunzip(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !strings.HasPrefix(string(head), "\x1f\x8b") {
		return in, nil
	}
	return gzip.NewReader(in)
}
