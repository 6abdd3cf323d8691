package tool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/joho/godotenv"
	"github.com/urfave/cli/v2"
)

// environment is the environment of the process, with the variables of a .env file in the
// working directory for those that are not set.
type environment struct {
	dotenv  map[string]string
	address string // the variable of .env that says where secrets go, "" for none
	host    string // its variables
}

func (e *environment) get(name string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return e.dotenv[name]
}

// isFromDotenv reports whether the value of a variable comes from .env.
func (e *environment) isFromDotenv(name string) bool {
	_, ok := os.LookupEnv(name)
	return !ok && e.dotenv[name] != ""
}

const dotenvName = ".env"

// loadDotenv reads .env, if there is one, and sets the flags whose variables it has. If
// no flag of the tool has a variable, it does not read the file.
func (t *Tool) loadDotenv(c *cli.Context) error {
	if !slices.ContainsFunc(c.App.Flags, hasEnvVar) {
		return nil
	}
	text, err := t.readDotenv(c.Context)
	if err != nil || text == nil {
		return err
	}
	if t.env.dotenv, err = godotenv.UnmarshalBytes(text); err != nil {
		// The parser's error quotes the line, which may hold a secret.
		return Usage(".env has a line that is not NAME=value", "write one NAME=value per line")
	}
	for _, flag := range c.App.Flags {
		f, ok := flag.(cli.DocGenerationFlag)
		name := flag.Names()[0]
		if !ok || c.IsSet(name) {
			continue
		}
		for _, variable := range f.GetEnvVars() {
			value := t.env.get(variable)
			if value == "" {
				continue
			}
			if err := c.Set(name, value); err != nil {
				return Usage(fmt.Sprintf(".env: %s has a value that --%s does not accept", variable, name),
					"correct "+variable+" in .env")
			}
			if addressName.MatchString(variable) && t.env.isFromDotenv(variable) {
				t.env.address, t.env.host = variable, hostOf(value)
			}
			break
		}
	}
	return nil
}

func hasEnvVar(flag cli.Flag) bool {
	f, ok := flag.(cli.DocGenerationFlag)
	return ok && len(f.GetEnvVars()) > 0
}

// These are names of variables.
var (
	addressName = regexp.MustCompile(`_(URL|DOMAIN)$`)
	secretName  = regexp.MustCompile(`_(TOKEN|KEY|SECRET)$`)
)

// hostOf returns the host of an address as people write it.
func hostOf(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	address, _, _ = strings.Cut(address, "/")
	return address[strings.LastIndexByte(address, '@')+1:]
}

// tellOfAddress warns once that .env decides where a secret goes which is not from .env.
// Somebody else may have put the file there.
func (t *Tool) tellOfAddress(secret string) {
	if t.env.address != "" {
		t.Warn(".env sets %s, so %s is sent to %s", t.env.address, secret, t.env.host)
	}
	t.env.address = ""
}

// dotenvWait bounds the wait for a .env that is a pipe. A password manager asks its user
// first.
const dotenvWait = 30 * time.Second

// readDotenv returns the text of .env, or nil if there is none.
func (t *Tool) readDotenv(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, dotenvWait)
	defer cancel()
	info, err := os.Stat(dotenvName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, &Error{Err: err, Code: BadUsage}
	case info.IsDir():
		t.Warn(".env is a folder and is ignored")
		return nil, nil
	}
	if err := checkOwner(dotenvName); err != nil {
		return nil, err
	}
	text, err := t.readText(ctx, dotenvName)
	if errors.Is(err, context.DeadlineExceeded) {
		err = Hint(fmt.Errorf(".env is a pipe, and nothing came from it in %s", dotenvWait),
			"unlock the password manager that fills it, or remove .env")
	}
	if err != nil && ctx.Err() == nil {
		err = &Error{Err: err, Code: BadUsage, Hints: hints(err)}
	}
	return text, err
}

// mostSettings bounds the size of settings files, in bytes.
const mostSettings = 64 << 10

// readText returns the text of a settings file without its byte order mark.
func (t *Tool) readText(ctx context.Context, path string) ([]byte, error) {
	data, err := t.readFile(ctx, path, mostSettings)
	if err != nil {
		return nil, err
	}
	isMarked := bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))
	if isMarked || bytes.IndexByte(data, 0) >= 0 {
		return nil, Usage(path+" is in UTF-16", "save it as UTF-8: iconv -f UTF-16 -t UTF-8 "+path+" > new; mv new "+path)
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}
