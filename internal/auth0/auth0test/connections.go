package auth0test

import "slices"

var connectionParams = slices.Concat(offsetParams, checkpointParams, []param{
	{name: "strategy"}, {name: "name"}, {name: "fields"}, {name: "include_fields", kind: boolean},
})

// listConnections sends more than id, name and strategy, as the real service
// does: a client must ignore unknown fields.
func (s *Server) listConnections(c *request) (any, error) {
	var found []Connection
	for _, x := range s.tenant.Connections {
		if c.query.has("strategy") && c.query["strategy"] != x.Strategy {
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
		row: func(i int) any {
			x := found[i]
			return fieldFilter(c.query, map[string]any{
				"id": x.ID, "name": x.Name, "strategy": x.Strategy,
				"options": map[string]any{}, "realms": []string{x.Name}, "enabled_clients": []string{},
			})
		},
	})
}
