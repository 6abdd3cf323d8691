package apply

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"a0permit/internal/permit"
	"a0permit/internal/record"
)

// tries is how many users are written singly to find out whether Permit accepts an email
// that another user has.
const tries = 3

// trySharing finds out, on the first users of a run that share an email, whether Permit
// accepts that. It returns the users that are still to be written; if Permit refuses,
// none of them has a shared email.
func (a *Applier) trySharing(ctx context.Context, users []item, b batch) ([]item, error) {
	sharing, rest := split(users, a.isSharing)
	if a.Found.SharedEmail == "" {
		var err error
		if sharing, err = a.findOutSharing(ctx, sharing, b); err != nil {
			return nil, err
		}
	}
	if a.Found.SharedEmail == refused {
		var err error
		if sharing, err = a.leaveEmails(sharing, b); err != nil {
			return nil, err
		}
	}
	return append(rest, sharing...), nil
}

// isSharing reports whether another user already has the email of the item.
func (a *Applier) isSharing(it item) bool {
	first, ok := a.plan.FirstToAsk(it.User)
	return !ok || !a.queue.refused[first]
}

func (a *Applier) findOutSharing(ctx context.Context, users []item, b batch) (rest []item, err error) {
	var without []item // refused for their email
	a.sender.all = users
	for range min(tries, len(users)) {
		it := users[0]
		users = users[1:]
		answer := b.one(ctx, it)
		if isAboutEmail(answer) {
			without = append(without, it)
			a.queue.emailFaults = append(a.queue.emailFaults, emailFault{it, faultOf(answer)})
			continue
		}
		if answer == nil {
			find(a.Log, &a.Found.SharedEmail, "an email that another user has is", taken)
		}
		if err := a.sender.noteAnswer(ctx, it, answer, b); err != nil {
			return nil, err
		}
	}
	if a.Found.SharedEmail == "" && len(without) > 0 {
		find(a.Log, &a.Found.SharedEmail, "an email that another user has is", refused)
		return append(without, users...), nil
	}
	for _, it := range without { // Permit accepts it from others
		err = errors.Join(err, a.sender.noteRefused(it, a.emailFault(it), b))
	}
	return users, err
}

// emailFault is Permit's answer to the email of a user who was written alone.
type emailFault struct {
	item
	fault record.Fault
}

// emailFault returns Permit's answer to the email of a user. For a user who was not
// tried, it is the answer to another one.
func (a *Applier) emailFault(it item) record.Fault {
	var f record.Fault
	for _, told := range a.queue.emailFaults {
		if f = told.fault; told.User == it.User {
			return f
		}
		f.Message, f.RequestID = strings.ReplaceAll(f.Message, told.user.Email, it.user.Email), ""
	}
	return f
}

// emailWords match what Permit is likely to say when it refuses an email that another
// user has. The words are not documented.
var emailWords = regexp.MustCompile(`(?i)e-?mail|exists|duplicate|unique|already|taken`)

// isAboutEmail reports whether an answer refuses a user for its email, and not for
// something else.
func isAboutEmail(answer error) bool {
	switch permit.Status(answer) {
	case http.StatusConflict:
		return true
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return emailWords.MatchString(answer.Error())
	}
	return false
}

// leaveEmails refuses users whose email Permit refuses, or prepares them to be written
// without it. Existing users then keep the email that they have.
func (a *Applier) leaveEmails(users []item, b batch) (rest []item, err error) {
	for _, it := range users {
		if !a.DropEmail {
			if err := a.sender.noteRefused(it, a.emailFault(it), b); err != nil {
				return nil, err
			}
			continue
		}
		line, err := a.Input.User(it.User)
		if err != nil {
			return nil, err
		}
		line.Email = ""
		a.Ledger.LeaveEmail(it.User)
		it, same, err := a.userItem(it.Operation, line)
		switch {
		case err != nil:
			return nil, err
		case same:
			a.Ledger.Skip(it.Operation)
			a.Progress.Add(1)
		default:
			rest = append(rest, it)
		}
	}
	return rest, nil
}
