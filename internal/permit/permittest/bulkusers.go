package permittest

import "net/http"

// putUsers is "if the user exists - replaces it, otherwise creates" (Permit's
// Python SDK). Its answer has no fields. That nothing is written when one row
// is refused is unverified.
func (s *Server) putUsers(c *call) (answer, error) {
	return s.writeUsers(c, (*batch).upsert)
}

// postUsers is all or nothing: one key that exists makes it create no user at
// all (Permit's own end-to-end tests).
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
	return ok(empty{})
}

// deleteUsers also takes users that readers do not see yet.
func (s *Server) deleteUsers(c *call) (answer, error) {
	doomed, err := identified(s, c, "User", s.user)
	if err != nil {
		return answer{}, err
	}
	for _, u := range doomed {
		if !u.gone { // else named twice, by key and by id
			s.dropUser(u)
		}
	}
	return ok(empty{})
}

// emailTaken: "if synced, will be unique inside the environment" (spec). The
// status is unverified.
func (s *Server) emailTaken(email string) error {
	if s.o.DuplicateEmail == http.StatusConflict {
		return duplicate("User", email)
	}
	return fail(s.o.DuplicateEmail, "INVALID_INPUT", "another user has the e-mail "+email)
}
