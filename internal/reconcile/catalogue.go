package reconcile

// catalogue is the roles, or the tenants, that the input has lines for or that
// its users name, in the order in which they were met.
type catalogue[T any] struct {
	order []string
	items map[string]*item[T]
}

type item[T any] struct {
	line  *T // nil when only users name it
	there bool
	name  string // in Permit, where that was noted
}

func newCatalogue[T any]() catalogue[T] {
	return catalogue[T]{items: map[string]*item[T]{}}
}

// name makes sure that key is in the catalogue.
func (c *catalogue[T]) name(key string) *item[T] {
	it, ok := c.items[key]
	if !ok {
		it = &item[T]{}
		c.items[key] = it
		c.order = append(c.order, key)
	}
	return it
}

func (c *catalogue[T]) want(key string, line *T, merge func(old *T)) Repeat {
	it := c.name(key)
	if it.line == nil {
		it.line = line
		return First
	}
	merge(it.line)
	return Repeated
}

// have notes that Permit has key. What the input does not speak of is of no
// interest.
func (c *catalogue[T]) have(key string) {
	if it, ok := c.items[key]; ok {
		it.there = true
	}
}

func (c *catalogue[T]) there(key string) bool {
	it, ok := c.items[key]
	return ok && it.there
}

// missing is what Permit lacks of what has a line or is used.
func (c *catalogue[T]) missing(used map[string]bool) []string {
	var keys []string
	for _, key := range c.order {
		if it := c.items[key]; !it.there && (it.line != nil || used[key]) {
			keys = append(keys, key)
		}
	}
	return keys
}
