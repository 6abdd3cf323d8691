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

// environment is the process's environment and, for variables that are not set
// there, a .env file in the working directory.
type environment struct{ dotenv map[string]string }

func (e *environment) get(name string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return e.dotenv[name]
}

// load reads .env, if there is one, and sets the flags whose variables are in it.
// A tool whose flags have no variables does not read the file.
func (e *environment) load(c *cli.Context) error {
	if !slices.ContainsFunc(c.App.Flags, hasEnvVar) {
		return nil
	}
	dotenv, err := godotenv.Read(".env")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		// The parser's error quotes the line, which may hold a secret.
		return Usage(".env cannot be read", "write NAME=value, one a line")
	}
	e.dotenv = dotenv
	for _, flag := range c.App.Flags {
		f, ok := flag.(cli.DocGenerationFlag)
		name := flag.Names()[0]
		if !ok || c.IsSet(name) {
			continue
		}
		for _, variable := range f.GetEnvVars() {
			if value := e.get(variable); value != "" {
				if err := c.Set(name, value); err != nil {
					return Usage(fmt.Sprintf(".env: %s has a value that --%s does not take", variable, name))
				}
				break
			}
		}
	}
	return nil
}

func hasEnvVar(flag cli.Flag) bool {
	f, ok := flag.(cli.DocGenerationFlag)
	return ok && len(f.GetEnvVars()) > 0
}

// mostSettings bounds the files of settings, in bytes.
const mostSettings = 64 << 10

// TokenFileFlag returns the flag --token-file, for people who keep the secret out
// of the environment.
func TokenFileFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "token-file", Category: "SIGN-IN",
		Usage: "read the token from `FILE` (instead of the environment)",
	}
}

// Token returns the secret in the file of --token-file, or else in the variables
// with these names: see Setting. It is "" when there is none.
func (t *Tool) Token(c *cli.Context, names ...string) (string, error) {
	if path := c.String("token-file"); path != "" {
		data, err := t.readFile(c.Context, path, mostSettings)
		if err != nil {
			return "", &Error{Err: fmt.Errorf("--token-file: %w", err), Code: BadUsage}
		}
		token, err := cleanToken("--token-file", string(data))
		if err == nil && token == "" {
			err = Usage("--token-file: "+path+" is empty", "put the token into it, alone")
		}
		return token, err
	}
	return t.Setting(names...)
}

// Setting returns the value of the first variable in names that is set, in the
// environment or in .env, and "" when none is. Two variables with different values
// are an error.
func (t *Tool) Setting(names ...string) (string, error) {
	var setting, from string
	for _, name := range names {
		value, err := cleanToken(name, t.env.get(name))
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

func cleanToken(from, token string) (string, error) {
	token = strings.TrimSpace(token)
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		problem := from + " holds a space, a line break or another character that no token has"
		return "", Usage(problem, "paste the token again, alone")
	}
	return token, nil
}
