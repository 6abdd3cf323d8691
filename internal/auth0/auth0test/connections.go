package auth0test

import (
	"slices"
	"strings"
)

var connectionParams = slices.Concat(offsetParams, checkpointParams, []param{
	{name: "strategy", many: true}, {name: "name"},
}, fieldParams)

// listConnections accepts the parameter strategy several times.
func (s *Server) listConnections(c *request) (any, error) {
	var found []Connection
	for _, x := range s.tenant.Connections {
		if c.query.has("strategy") && !slices.Contains(strings.Split(c.query["strategy"], ","), x.Strategy) {
			continue
		}
		if c.query.has("name") && c.query["name"] != x.Name {
			continue
		}
		found = append(found, x)
	}
	return s.list(c, listing{
		name: "connections", n: len(found),
		key: func(i int) string { return found[i].ID },
		row: func(i int) any { return fieldFilter(c.query, found[i].object()) },
	})
}

func (s *Server) getConnection(c *request) (any, error) {
	for _, x := range s.tenant.Connections {
		if x.ID == c.id {
			return fieldFilter(c.query, x.object()), nil
		}
	}
	return nil, errInexistent("connection")
}

// object returns the connection with more fields than a client needs, as the real
// service does: a client must ignore unknown fields.
func (x Connection) object() map[string]any {
	return map[string]any{
		"id": x.ID, "name": x.Name, "strategy": x.Strategy,
		"options": map[string]any{}, "realms": []string{x.Name}, "enabled_clients": []string{},
	}
}
