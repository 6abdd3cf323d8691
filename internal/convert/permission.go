package convert

import (
	"strings"

	"a0permit/internal/record"
)

// A Permission is one of Auth0. Its name alone says little: two APIs may both have a
// read:users. An API is known by its identifier, which never changes.
type Permission struct {
	API  string `json:"resource_server_identifier"`
	Name string `json:"permission_name"`
}

// PermissionForm says how the name of a permission is read.
type PermissionForm int

// The forms.
const (
	// ActionResource is Auth0's own, as in read:invoices.
	ActionResource PermissionForm = iota
	// ResourceAction is invoices:read.
	ResourceAction
	// WholeAPI takes the API as the resource, and the whole name as the action.
	WholeAPI
)

// split returns the parts of a permission's name. Without a resource the API is it.
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

// A PermissionTarget is what a permission becomes in Permit. Without a resource it is
// left out.
type PermissionTarget struct{ Resource, Action string }

// A PermissionMap maps permissions, whose API may be an identifier or a name. A
// permission without a name is the whole API: then the target has no action. The line
// of the permission wins over that of the API, and the identifier over the name.
type PermissionMap map[Permission]PermissionTarget

// keyOf returns the key for a part of a permission's name, or the name of an API: the
// text itself where Permit takes it, else what a slug leaves of it, as for roles.
func keyOf(text string) string { return record.KeyOfRole(text) }

// An api is an API of Auth0.
type api struct {
	identifier, name string
	isDescribed      bool // by an apis table
	hasList          bool // its permissions are known
	rbacOff          bool
	isDecided        bool // it is decided what becomes of a permission of it
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

// isSystem reports whether an API that no table describes is one of Auth0's own, which
// every tenant has: by their identifiers, such as https://acme.eu.auth0.com/api/v2/.
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
	undescribed      // left out, since the apis table does not have its API
)

// permission is a permission of Auth0 and what it becomes.
type permission struct {
	Permission
	api         *api
	description string
	at          string // where it was met first
	isListed    bool   // by an apis table
	isHeld      bool   // by a role
	fate        fate
	target      PermissionTarget
	isWritten   bool // as an action
}

// text returns how a role line names the permission.
func (p *permission) text() string { return p.target.Resource + ":" + p.target.Action }

// A PermissionFault is a permission that cannot become a resource and an action.
type PermissionFault struct {
	At string // where it was met first
	Permission
	// Target is what it would become. Where a part of it is "", nothing is left of the
	// name.
	Target PermissionTarget
	// Other is the permission that has become this already.
	Other Permission
	// Proposal is a target that is free, for a line of the map.
	Proposal PermissionTarget
}

// permissionBook is the APIs and permissions met so far. A tenant has a hundred APIs of a
// thousand permissions each, or more, so they are held.
type permissionBook struct {
	form        PermissionForm
	mapping     PermissionMap
	used        map[Permission]bool // entries of mapping
	isDescribed bool                // an apis table was read
	apis        []*api
	byID        map[string]*api
	permissions []*permission
	byName      map[Permission]*permission
	decided     int                    // as many of permissions
	owners      map[string]*permission // by text
	resources   []*resource
	byKey       map[string]*resource
}

// resource is a resource and its actions that are not written yet.
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

// get returns the permission, which may be new.
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

// decide decides what becomes of the permissions met since the last time, and returns
// those that are at fault.
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

// lookUp returns what the map makes of a permission, and the name of the resource.
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

// read returns what the form makes of a permission, and the name of the resource.
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

// propose returns a target for a permission at fault that no permission has.
func (b *permissionBook) propose(f *PermissionFault) PermissionTarget {
	if f.Target.Resource == "" || f.Target.Action == "" {
		return f.Target
	}
	api := b.byID[f.API]
	for _, prefix := range [...]string{api.key(), api.keyOfIdentifier()} {
		proposal := PermissionTarget{Resource: prefix + "-" + f.Target.Resource, Action: f.Target.Action}
		text := proposal.Resource + ":" + proposal.Action
		if _, isTaken := b.owners[text]; !isTaken && prefix != "" {
			b.owners[text] = b.byName[f.Permission]
			return proposal
		}
	}
	return PermissionTarget{Action: f.Target.Action}
}

// PermissionCounts is what people should know of permissions.
type PermissionCounts struct {
	RBACOff []string // APIs for which Auth0 does not look at roles
	// Undescribed is how many permissions that roles hold were left out, by API: the apis
	// table does not have it.
	Undescribed map[string]int
	MappedOut   int // permissions left out by the map
	Unlisted    int // permissions that roles hold, but which their API does not list
	NameOnly    int // permissions that roles hold, on APIs that no table describes
	VerbFirst   int // permissions like read:invoices
	VerbLast    int // permissions like invoices:read
}

// count counts what people should know of permissions.
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

// verbs are those that nearly all names of permissions are made of.
var verbs = map[string]bool{
	"read": true, "write": true, "create": true, "update": true, "delete": true, "list": true, "view": true,
	"edit": true, "get": true, "manage": true, "add": true, "remove": true, "use": true,
}

// unusedMappings returns the entries of the map that were not used.
func (b *permissionBook) unusedMappings() []Permission {
	var unused []Permission
	for entry := range b.mapping {
		if !b.used[entry] {
			unused = append(unused, entry)
		}
	}
	return unused
}
