package tool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/joho/godotenv"
	"github.com/urfave/cli/v2"
)

// environment is the process's environment over a .env file in the working
// directory: a variable that is really set wins.
type environment struct{ dotenv map[string]string }

func (e *environment) get(name string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return e.dotenv[name]
}

// load reads .env, where there is one, and gives the flags what it holds for
// their variables. A tool without any has no use for the file.
func (e *environment) load(c *cli.Context) error {
	if !slices.ContainsFunc(c.App.Flags, hasVariable) {
		return nil
	}
	dotenv, err := godotenv.Read(".env")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		// The parser quotes the line it stumbles on, and that may be a secret.
		return Usage(".env cannot be read", "write NAME=value, one a line")
	}
	e.dotenv = dotenv
	for _, flag := range c.App.Flags {
		f, ok := flag.(cli.DocGenerationFlag)
		if !ok || c.IsSet(flag.Names()[0]) {
			continue
		}
		for _, name := range f.GetEnvVars() {
			if value := e.get(name); value != "" {
				if err := c.Set(flag.Names()[0], value); err != nil {
					return Usage(fmt.Sprintf(".env: %s has a value that --%s does not take", name, flag.Names()[0]))
				}
				break
			}
		}
	}
	return nil
}

func hasVariable(flag cli.Flag) bool {
	f, ok := flag.(cli.DocGenerationFlag)
	return ok && len(f.GetEnvVars()) > 0
}

// TokenFileFlag names a file that holds the secret, for those who keep it out
// of the environment.
func TokenFileFlag() cli.Flag {
	return &cli.StringFlag{Name: "token-file", Category: "SIGN-IN", Usage: "read the token from `FILE` (instead of the environment)"}
}

// Token is the secret of --token-file or of the first variable in names that
// is set: see Setting. It is "" when there is none.
func (t *Tool) Token(c *cli.Context, names ...string) (string, error) {
	if path := c.String("token-file"); path != "" {
		data, err := os.ReadFile(path) //nolint:gosec // the user names the file
		if err != nil {
			return "", &Error{Err: fmt.Errorf("--token-file: %w", err), Code: BadUsage}
		}
		token, err := clean("--token-file", string(data))
		if err == nil && token == "" {
			err = Usage("--token-file: "+path+" is empty", "put the token into it, alone")
		}
		return token, err
	}
	return t.Setting(names...)
}

// Setting is the first variable in names that is set, in the environment or in
// .env; two with different values are refused. It is "" when there is none.
func (t *Tool) Setting(names ...string) (string, error) {
	var setting, from string
	for _, name := range names {
		value, err := clean(name, t.env.get(name))
		switch {
		case err != nil:
			return "", err
		case value == "":
		case setting == "":
			setting, from = value, name
		case value != setting:
			return "", Usage(fmt.Sprintf("%s and %s are both set, and differ", from, name), "unset "+name)
		}
	}
	return setting, nil
}

func clean(from, token string) (string, error) {
	token = strings.TrimSpace(token)
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", Usage(from+" holds a space, a line break or another character that no token has", "paste the token again, alone")
	}
	return token, nil
}
