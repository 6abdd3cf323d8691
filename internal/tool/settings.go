package tool

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// TokenFileFlag returns the flag --token-file, for people who keep the secret out of the
// environment.
func TokenFileFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "token-file", Category: "SIGN-IN",
		Usage: "read the token from `FILE`, not from the environment",
	}
}

// Token returns the secret in the file of --token-file, or else in the variables with
// these names: see Setting. It is "" if there is none.
func (t *Tool) Token(c *cli.Context, names ...string) (string, error) {
	if path := c.String("token-file"); path != "" {
		text, err := t.readText(c.Context, path)
		switch {
		case err != nil && c.Err() != nil:
			return "", err
		case err != nil:
			return "", &Error{
				Err: fmt.Errorf("--token-file: %w", err), Code: BadUsage,
				Hints: []string{"name a file that holds the token, and nothing else"},
			}
		}
		token, err := cleanToken("--token-file", string(text))
		if err != nil {
			return "", err
		}
		if token == "" {
			return "", Usage("--token-file: "+path+" is empty", "write the token into it, and nothing else")
		}
		t.tellOfAddress("the token in --token-file")
		return token, nil
	}
	return t.Setting(names...)
}

// Setting returns the value of the first of the variables that is set, in the environment
// or in .env, or "". Two variables with different values are an error.
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
			return "", Usage(fmt.Sprintf("%s and %s are both set, to different values", from, name), "unset "+name)
		}
	}
	if setting != "" && secretName.MatchString(from) && !t.env.isFromDotenv(from) {
		t.tellOfAddress(from + " from the environment")
	}
	return setting, nil
}

func cleanToken(from, token string) (string, error) {
	token = strings.TrimSpace(token)
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		problem := from + " has a space, a line break or another character that no token contains"
		return "", Usage(problem, "paste the token again, and nothing else")
	}
	return token, nil
}
