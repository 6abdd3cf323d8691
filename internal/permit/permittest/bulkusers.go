package permittest

// putUsers does as Permit's Python SDK says: "if the user exists - replaces it,
// otherwise creates". Its answer has no fields. That nothing is written when one
// row is refused is unverified.
func (s *Server) putUsers(c *call) (answer, error) {
	return s.writeUsers(c, (*batch).upsert)
}

// postUsers creates all users or, when the key of one exists, none (Permit's own
// end-to-end tests).
func (s *Server) postUsers(c *call) (answer, error) {
	return s.writeUsers(c, (*batch).create)
}

func (s *Server) writeUsers(c *call, plan func(*batch, fields) (*userWrite, error)) (answer, error) {
	ops := c.body.records("operations")
	writes := make([]*userWrite, 0, len(ops))
	b := s.newBatch()
	for _, op := range ops {
		w, err := plan(b, op)
		if err != nil {
			return answer{}, err
		}
		writes = append(writes, w)
	}
	for _, w := range writes {
		s.apply(c, w, s.o.Lag)
	}
	return answerOK(empty{})
}

// deleteUsers also deletes users that readers do not see yet.
func (s *Server) deleteUsers(c *call) (answer, error) {
	doomed, err := resolveIdents(s, c, "User", s.user)
	if err != nil {
		return answer{}, err
	}
	for _, u := range doomed {
		if !u.deleted { // otherwise named twice, by key and by id
			s.dropUser(u)
		}
	}
	return answerOK(empty{})
}
