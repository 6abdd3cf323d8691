// Command sandbox tries the three tools without an account or a network: it
// starts a fake Auth0 tenant and a fake Permit environment on loopback, builds
// the tools, runs the README's pipe in a shell and shows what Permit holds
// then.
//
//	go run ./examples/sandbox
//	go run ./examples/sandbox -serve    # and try the tools by hand, or other clients
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/permit/permittest"
)

// pipe is the pipe of the README, with flags for a run without questions.
const pipe = "a0export all | a0tojsonl | permitload --create-missing yes > left.jsonl"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "sandbox: error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	users := flags.Int("users", 3000, "how many users the tenant has")
	serve := flags.Bool("serve", false, "keep the servers up to try the tools, or other clients, by hand")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "a0permit-sandbox-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	s := start(*users)
	defer s.stop()
	tenant := s.auth0.Tenant()
	fmt.Fprintf(out, "A fake Auth0 tenant with %d users and %d roles, and an empty fake Permit environment.\n",
		len(tenant.Users), len(tenant.Roles))
	if err := build(ctx, dir, out, errs); err != nil {
		return err
	}
	if *serve {
		return s.serve(ctx, dir, out)
	}
	return s.try(ctx, dir, out, errs)
}

// build builds the three tools in a folder.
func build(ctx context.Context, dir string, out, errs io.Writer) error {
	fmt.Fprintln(out, "Building the three tools (about 30 s the first time).")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", dir, //nolint:gosec // dir is our own
		"./cmd/a0export", "./cmd/a0tojsonl", "./cmd/permitload")
	cmd.Stdout, cmd.Stderr = errs, errs
	if err := tellWhile(out, "still building", cmd.Run); err != nil {
		return fmt.Errorf("build the tools (run this in the repository's root): %w", err)
	}
	return nil
}

// tellPeriod is the time between two signs of life.
const tellPeriod = 10 * time.Second

// tellWhile prints at intervals what is going on while do runs.
func tellWhile(out io.Writer, what string, do func() error) error {
	began := time.Now()
	ticker := time.NewTicker(tellPeriod)
	defer ticker.Stop()
	done := make(chan error, 1)
	go func() { done <- do() }()
	for {
		select {
		case err := <-done:
			return err
		case <-ticker.C:
			fmt.Fprintf(out, "%s, %d s\n", what, int(time.Since(began).Seconds()))
		}
	}
}

// sandbox holds the two fakes.
type sandbox struct {
	auth0               *auth0test.Server
	permit              *permittest.Server
	auth0URL, permitURL string
	stop                func()
}

func start(users int) *sandbox {
	s := &sandbox{
		auth0:  auth0test.New(auth0test.Sample(users), auth0test.Options{Limit: auth0test.Enterprise}),
		permit: permittest.New(permittest.Options{}),
	}
	var stopAuth0, stopPermit func()
	s.auth0URL, stopAuth0 = s.auth0.Start()
	s.permitURL, stopPermit = s.permit.Start()
	s.stop = func() { stopAuth0(); stopPermit() }
	return s
}

// settings returns the variables that point the tools at the fakes.
func (s *sandbox) settings() []string {
	return []string{
		"AUTH0_DOMAIN=" + s.auth0URL, "AUTH0_API_TOKEN=" + auth0test.DefaultToken,
		"PERMIT_API_URL=" + s.permitURL, "PERMIT_API_KEY=" + permittest.DefaultKey,
	}
}

// try runs the pipe and shows what Permit holds then.
func (s *sandbox) try(ctx context.Context, dir string, out, errs io.Writer) error {
	fmt.Fprintf(out, "\n$ %s\n", pipe)
	shell := exec.CommandContext(ctx, "sh", "-c", pipe)
	shell.Dir = dir
	shell.Env = append(environment(), s.settings()...)
	shell.Env = append(shell.Env, "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	shell.Stdout, shell.Stderr = out, errs
	if err := shell.Run(); err != nil {
		return fmt.Errorf("the pipe failed: %w", err)
	}
	left, err := os.ReadFile(filepath.Join(dir, "left.jsonl")) //nolint:gosec // dir is our own
	if err != nil {
		return err
	}
	s.show(out)
	fmt.Fprintf(out, "%d lines were not loaded.\n", strings.Count(string(left), "\n"))
	return nil
}

// environment returns our environment without the variables that the tools read, so that
// no setting of a real account reaches the sandbox.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AUTH0_") && !strings.HasPrefix(v, "PERMIT_") && !strings.HasPrefix(v, "PATH=") {
			env = append(env, v)
		}
	}
	return env
}

func (s *sandbox) show(out io.Writer) {
	state := s.permit.State()
	fmt.Fprintf(out, "\nPermit now holds %d users, %d roles and %d role assignments.\n",
		len(state.Users), len(state.Roles), len(state.Assignments))
	roles := map[string]int{}
	for _, a := range state.Assignments {
		roles[a.Role]++
	}
	for _, role := range state.Roles {
		fmt.Fprintf(out, "  %6d  %-28s %s\n", roles[role.Key], role.Key, role.Name)
	}
	s.showPermissions(out)
	fmt.Fprintf(out, "It took %d calls to Auth0 and %d to Permit, and drew %d answers of 429 (too many requests).\n",
		len(s.auth0.Calls()), len(s.permit.Calls()), s.count429())
}

// showPermissions prints what three users with different permissions may do in Auth0 and
// in Permit.
func (s *sandbox) showPermissions(out io.Writer) {
	fmt.Fprintln(out, "\nWhat three of the users may do, in Auth0 and in Permit:")
	tenant, shown := s.auth0.Tenant(), map[string]bool{}
	for _, user := range tenant.Users {
		here := strings.Join(permissionsInAuth0(&tenant, user.ID), ", ")
		if here == "" || shown[here] {
			continue
		}
		shown[here] = true
		there := strings.Join(s.permit.EffectivePermissions(user.ID)["default"], ", ")
		fmt.Fprintf(out, "  %s\n    Auth0   %s\n    Permit  %s\n", user.ID, here, there)
		if len(shown) == 3 {
			break
		}
	}
	fmt.Fprintln(out)
}

// permissionsInAuth0 returns the names of the permissions that a user has by tenant
// roles.
func permissionsInAuth0(tenant *auth0test.Tenant, user string) []string {
	var names []string
	for i := range tenant.Roles {
		if slices.Contains(tenant.Roles[i].Members, user) {
			for _, p := range tenant.Roles[i].Permissions {
				names = append(names, p.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// count429 returns how many calls the fakes have refused with 429.
func (s *sandbox) count429() int {
	n := s.permit.Refused()
	for _, call := range s.auth0.Calls() {
		if call.Status == 429 {
			n++
		}
	}
	return n
}

// otherSettings returns the settings under the names that other clients read: the
// services' own SDKs and command lines, and Permit's own script.
func (s *sandbox) otherSettings() []string {
	return []string{
		"AUTH0_MGMT_ACCESS_TOKEN=" + auth0test.DefaultToken,
		"AUTH0_CLIENT_ID=" + auth0test.DefaultClientID, "AUTH0_CLIENT_SECRET=" + auth0test.DefaultClientSecret,
		"PERMIT_SDK_TOKEN=" + permittest.DefaultKey,
	}
}

// serve keeps the fakes up until it is interrupted.
func (s *sandbox) serve(ctx context.Context, dir string, out io.Writer) error {
	fmt.Fprintf(out, "\nPaste this into another shell:\n\n")
	for _, v := range s.settings() {
		fmt.Fprintf(out, "export %s\n", v)
	}
	fmt.Fprintf(out, "export PATH=%s:$PATH\n\nand try\n\n    %s\n\n", dir, pipe)
	fmt.Fprintf(out, "For the services' own SDKs, which can be pointed at these servers, also\n\n")
	for _, v := range s.otherSettings() {
		fmt.Fprintf(out, "export %s\n", v)
	}
	fmt.Fprintf(out, "\nCtrl-C here ends it.\n")
	<-ctx.Done()
	fmt.Fprintln(out)
	s.show(out)
	return nil
}
