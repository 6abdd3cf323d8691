package permit

import (
	"context"
	"errors"
	"net/url"
)

// Place is a project or an environment.
type Place struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

// Project returns the project that In was called with. Not every key may read it.
func (c *Client) Project(ctx context.Context) (Place, error) {
	return c.place(ctx, "/v2/projects/"+url.PathEscape(c.project))
}

// Environment returns the environment that In was called with. Not every key may
// read it.
func (c *Client) Environment(ctx context.Context) (Place, error) {
	return c.place(ctx, "/v2/projects/"+url.PathEscape(c.project)+"/envs/"+url.PathEscape(c.environment))
}

func (c *Client) place(ctx context.Context, path string) (p Place, err error) {
	if err := c.get(ctx, path, nil, &p); err != nil {
		return Place{}, err
	}
	if p.Name == "" {
		return Place{}, errors.New("GET " + path + ": the answer has no name")
	}
	return p, nil
}
