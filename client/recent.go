package client

// remembered is how many messages a recent has to know at least: a page is under way
// for seconds, and staff may delete some thousand messages at once.
const remembered = 8192

// recent remembers something about the messages that were noted last: at least
// remembered of them, at most twice as many. The zero value is ready to use.
type recent[V any] struct {
	fresh, old map[string]V // by message id; old are those of before fresh was begun
}

func (r *recent[V]) note(id string, v V) {
	if r.fresh == nil || len(r.fresh) >= remembered {
		r.fresh, r.old = map[string]V{}, r.fresh
	}
	r.fresh[id] = v
}

func (r *recent[V]) of(id string) (V, bool) {
	if v, ok := r.fresh[id]; ok {
		return v, true
	}
	v, ok := r.old[id]
	return v, ok
}
