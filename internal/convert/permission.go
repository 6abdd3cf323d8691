package convert

import (
	"strings"

	"a0permit/internal/record"
)

// A Permission is a permission in Auth0. Its name alone does not identify it: two APIs
// may both have a read:users. API is the identifier of its API, which never changes.
type Permission struct {
	API  string `json:"resource_server_identifier"`
	Name string `json:"permission_name"`
}

// PermissionForm says how to split the name of a permission.
type PermissionForm int

// The forms.
const (
	// ActionResource is Auth0's own form, as in read:invoices.
	ActionResource PermissionForm = iota
	// ResourceAction is the reverse, as in invoices:read.
	ResourceAction
	// WholeAPI takes the API as the resource, and the whole name as the action.
	WholeAPI
)

// split returns the parts of a permission's name. If resource is "", the API is the
// resource.
func (f PermissionForm) split(name string) (resource, action string) {
	switch i := strings.LastIndexByte(name, ':'); {
	case f == WholeAPI || i < 0:
		return "", name
	case f == ResourceAction:
		return name[:i], name[i+1:]
	default:
		action, resource, _ = strings.Cut(name, ":")
		return resource, action
	}
}

// A PermissionTarget is what a permission becomes in Permit. If Resource is "", the
// permission is left out.
type PermissionTarget struct{ Resource, Action string }

func (t PermissionTarget) text() string { return t.Resource + ":" + t.Action }

// A PermissionMap maps permissions to targets. The API of a permission may be an
// identifier or a name. An entry without a permission name stands for the whole API,
// and its target has no action. An entry for a permission wins over one for its API,
// and an identifier wins over a name.
type PermissionMap map[Permission]PermissionTarget

// keyOf returns the key for a part of a permission's name, or for the name of an API:
// the text itself if Permit accepts it, and otherwise a slug, as for roles.
func keyOf(text string) string { return record.KeyOfRole(text) }

// api is an API in Auth0.
type api struct {
	identifier, name string
	isDescribed      bool // by an apis table
	hasList          bool // its permissions are known
	rbacOff          bool
	isDecided        bool // the fate of one of its permissions is decided
}

// key returns the key of the API as a resource.
func (a *api) key() string {
	if key := keyOf(a.name); a.name != "" && key != "" {
		return key
	}
	return a.keyOfIdentifier()
}

func (a *api) keyOfIdentifier() string {
	if _, rest, ok := strings.Cut(a.identifier, "://"); ok {
		return keyOf(rest)
	}
	return keyOf(a.identifier)
}

// isSystem reports whether an API is one of Auth0's own, which every tenant has. It
// goes by the identifier, such as https://acme.eu.auth0.com/api/v2/.
func (a *api) isSystem() bool {
	host, path, _ := strings.Cut(strings.TrimPrefix(a.identifier, "https://"), "/")
	return strings.HasSuffix(host, ".auth0.com") && (path == "api/v2/" || path == "me/" || path == "my-org/")
}

func (a *api) String() string {
	if a.name == "" {
		return a.identifier
	}
	return a.name
}

// fate is what becomes of a permission.
type fate int

const (
	undecided   fate = iota
	usable           // it has a resource and an action
	faulty           // reported
	mappedOut        // left out by the map
	undescribed      // left out, since no apis table describes its API
)

// permission is a permission in Auth0, and what it becomes in Permit.
type permission struct {
	Permission
	api         *api
	description string
	at          string // where in the input it appears first
	isListed    bool   // by an apis table
	isHeld      bool   // by a role
	fate        fate
	target      PermissionTarget
	isWritten   bool // as an action
}

// text returns the permission as a role line names it: resource:action.
func (p *permission) text() string { return p.target.text() }

// A PermissionFault reports a permission that cannot become a resource and an action.
type PermissionFault struct {
	At string // where in the input it appears first
	Permission
	// Target is what it would become. A part is "" if no character of the name can be
	// in a key.
	Target PermissionTarget
	// Other is the permission that already has this target.
	Other Permission
	// Proposal is a free target to enter in the map.
	Proposal PermissionTarget
}

// permissionBook keeps all APIs and permissions so far in memory. A tenant may have a
// hundred APIs with a thousand permissions each, or more.
type permissionBook struct {
	form        PermissionForm
	mapping     PermissionMap
	used        map[Permission]bool // entries of mapping
	isDescribed bool                // an apis table was read
	apis        []*api
	byID        map[string]*api
	permissions []*permission
	byName      map[Permission]*permission
	decided     int                    // the number of permissions decided
	owners      map[string]*permission // by text
	resources   []*resource
	byKey       map[string]*resource
}

// resource is a resource with the actions that are not yet written.
type resource struct {
	key, name string
	actions   []*permission
}

func newPermissionBook(o *Options) permissionBook {
	return permissionBook{
		form: o.PermissionForm, mapping: o.PermissionMap, used: map[Permission]bool{}, byID: map[string]*api{},
		byName: map[Permission]*permission{}, owners: map[string]*permission{}, byKey: map[string]*resource{},
	}
}

// get returns the permission p, which it adds if it is new.
func (b *permissionBook) get(p Permission, at string) *permission {
	if known, ok := b.byName[p]; ok {
		return known
	}
	fresh := &permission{Permission: p, api: b.getAPI(p.API), at: at}
	fresh.API = fresh.api.identifier
	b.permissions = append(b.permissions, fresh)
	b.byName[fresh.Permission] = fresh
	return fresh
}

func (b *permissionBook) getAPI(identifier string) *api {
	if known, ok := b.byID[identifier]; ok {
		return known
	}
	fresh := &api{identifier: strings.Clone(identifier)} // the cell is part of its whole chunk
	b.apis = append(b.apis, fresh)
	b.byID[fresh.identifier] = fresh
	return fresh
}

// decide sets the fate of the permissions added since the last call, and returns the
// faults.
func (b *permissionBook) decide() []PermissionFault {
	var faults []PermissionFault
	for ; b.decided < len(b.permissions); b.decided++ {
		if fault := b.decideOne(b.permissions[b.decided]); fault != nil {
			faults = append(faults, *fault)
		}
	}
	for i := range faults {
		faults[i].Proposal = b.propose(&faults[i])
	}
	return faults
}

func (b *permissionBook) decideOne(p *permission) *PermissionFault {
	p.api.isDecided = true
	name, target, isMapped := b.lookUp(p)
	switch {
	case isMapped && target.Resource == "":
		p.fate = mappedOut
		return nil
	case !isMapped && !p.api.isDescribed && (b.isDescribed || p.api.isSystem()):
		p.fate = undescribed
		return nil
	case !isMapped:
		name, target = b.read(p)
	}
	p.target = target
	fault := &PermissionFault{At: p.at, Permission: p.Permission, Target: target}
	other, isTaken := b.owners[p.text()]
	switch {
	case target.Resource == "" || target.Action == "":
	case isTaken:
		fault.Other = other.Permission
	default:
		p.fate = usable
		b.owners[p.text()] = p
		b.addAction(p, name)
		return nil
	}
	p.fate = faulty
	return fault
}

// lookUp returns the target that the map gives a permission, and the name of its
// resource. ok is false if no entry matches.
func (b *permissionBook) lookUp(p *permission) (name string, target PermissionTarget, ok bool) {
	for _, entry := range [...]Permission{
		{p.API, p.Name}, {p.api.name, p.Name}, {API: p.API}, {API: p.api.name},
	} {
		target, ok := b.mapping[entry]
		if !ok || entry.API == "" {
			continue
		}
		b.used[entry] = true
		name = target.Resource
		if entry.Name == "" && target.Resource != "" {
			name, target.Action = p.api.String(), keyOf(p.Name)
		}
		return name, target, true
	}
	return "", PermissionTarget{}, false
}

// read returns the target that the form gives a permission, and the name of its
// resource.
func (b *permissionBook) read(p *permission) (name string, target PermissionTarget) {
	resource, action := b.form.split(p.Name)
	name = strings.TrimSpace(resource)
	target = PermissionTarget{Resource: keyOf(resource), Action: keyOf(action)}
	if resource == "" && action == p.Name {
		name, target.Resource = p.api.String(), p.api.key()
	}
	return name, target
}

func (b *permissionBook) addAction(p *permission, resourceName string) {
	r, ok := b.byKey[p.target.Resource]
	if !ok {
		r = &resource{key: p.target.Resource, name: resourceName}
		b.resources, b.byKey[r.key] = append(b.resources, r), r
	}
	r.actions = append(r.actions, p)
}

// propose returns a free target for a permission at fault. A part is "" if it knows
// none.
func (b *permissionBook) propose(f *PermissionFault) PermissionTarget {
	if f.Target.Resource == "" || f.Target.Action == "" {
		return f.Target
	}
	api := b.byID[f.API]
	for _, prefix := range [...]string{api.key(), api.keyOfIdentifier()} {
		proposal := PermissionTarget{Resource: prefix + "-" + f.Target.Resource, Action: f.Target.Action}
		text := proposal.text()
		if _, isTaken := b.owners[text]; !isTaken && prefix != "" {
			b.owners[text] = b.byName[f.Permission]
			return proposal
		}
	}
	return PermissionTarget{Action: f.Target.Action}
}

// PermissionCounts counts the permissions that users should know about.
type PermissionCounts struct {
	RBACOff []string // APIs for which Auth0 ignores roles
	// Undescribed counts, by API, the permissions of roles that were left out because
	// no apis table describes the API.
	Undescribed map[string]int
	MappedOut   int // permissions left out by the map
	Unlisted    int // permissions that roles hold, but their API does not list
	NameOnly    int // permissions that roles hold, on APIs that no table describes
	VerbFirst   int // permissions like read:invoices
	VerbLast    int // permissions like invoices:read
}

// count returns the counts of all permissions so far.
func (b *permissionBook) count() PermissionCounts {
	c := PermissionCounts{Undescribed: map[string]int{}}
	usedAPIs := map[*api]bool{}
	for _, p := range b.permissions {
		switch p.fate {
		case mappedOut:
			c.MappedOut++
		case undescribed:
			c.Undescribed[p.API]++
		case usable:
			usedAPIs[p.api] = true
			c.addUsable(p, b.isDescribed)
		}
	}
	for _, a := range b.apis {
		if a.rbacOff && usedAPIs[a] {
			c.RBACOff = append(c.RBACOff, a.String())
		}
	}
	return c
}

func (c *PermissionCounts) addUsable(p *permission, hasTable bool) {
	switch {
	case !p.isHeld:
	case !p.api.isDescribed && !hasTable:
		c.NameOnly++
	case p.api.hasList && !p.isListed:
		c.Unlisted++
	}
	first, rest, _ := strings.Cut(p.Name, ":")
	last := rest[strings.LastIndexByte(rest, ':')+1:]
	switch isFirst, isLast := verbs[strings.ToLower(first)], verbs[strings.ToLower(last)]; {
	case rest == "" || isFirst == isLast:
	case isFirst:
		c.VerbFirst++
	default:
		c.VerbLast++
	}
}

// verbs are the verbs in nearly all names of permissions.
var verbs = map[string]bool{
	"read": true, "write": true, "create": true, "update": true, "delete": true, "list": true, "view": true,
	"edit": true, "get": true, "manage": true, "add": true, "remove": true, "use": true,
}

// unusedMappings returns the entries of the map that matched no permission.
func (b *permissionBook) unusedMappings() []Permission {
	var unused []Permission
	for entry := range b.mapping {
		if !b.used[entry] {
			unused = append(unused, entry)
		}
	}
	return unused
}
