package policies

import (
	"cmp"
	"slices"
)

// matcher finds all patterns in a text in one pass, after Aho and Corasick (1975).
// Nodes and edges lie in flat arrays: about 20 bytes for each byte of the patterns.
type matcher struct {
	nodes  []node
	labels []byte  // of the edges, sorted within a node
	next   []int32 // where each edge leads
	root   [256]int32
	lists  [][]int32 // the patterns that end at a node, by node.ends
}

type node struct {
	first, last int32 // its edges
	fail        int32 // the node of its longest proper suffix
	ends        int32 // index into lists, 0: none ends here
	shorter     int32 // the next node along fail at which a pattern ends, 0: none
}

// newMatcher compiles patterns, none of them empty. They are reported by their index.
func newMatcher(patterns [][]byte) *matcher {
	order := make([]int32, len(patterns))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(slices.Compare(patterns[a], patterns[b]), cmp.Compare(a, b))
	})
	m := &matcher{lists: make([][]int32, 1)}
	m.build(patterns, order)
	m.link()
	return m
}

// span is a range of the sorted patterns that share the node's path.
type span struct {
	node, depth int32
	lo, hi      int
}

// build makes the trie, level by level, so that every node's edges lie together.
func (m *matcher) build(patterns [][]byte, order []int32) {
	m.nodes = append(m.nodes, node{})
	queue := []span{{lo: 0, hi: len(order)}}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for s.lo < s.hi && len(patterns[order[s.lo]]) == int(s.depth) {
			m.end(s.node, order[s.lo])
			s.lo++
		}
		m.nodes[s.node].first = int32(len(m.labels))
		for lo := s.lo; lo < s.hi; {
			label := patterns[order[lo]][s.depth]
			hi := lo
			for hi < s.hi && patterns[order[hi]][s.depth] == label {
				hi++
			}
			child := int32(len(m.nodes))
			m.nodes = append(m.nodes, node{})
			m.labels = append(m.labels, label)
			m.next = append(m.next, child)
			queue = append(queue, span{node: child, depth: s.depth + 1, lo: lo, hi: hi})
			lo = hi
		}
		m.nodes[s.node].last = int32(len(m.labels))
	}
}

func (m *matcher) end(at, pattern int32) {
	n := &m.nodes[at]
	if n.ends == 0 {
		n.ends = int32(len(m.lists))
		m.lists = append(m.lists, nil)
	}
	m.lists[n.ends] = append(m.lists[n.ends], pattern)
}

// link sets where to go on when no edge fits. Nodes are numbered level by level, so a
// node's suffixes are ready before it.
func (m *matcher) link() {
	for e := m.nodes[0].first; e < m.nodes[0].last; e++ {
		m.root[m.labels[e]] = m.next[e]
	}
	for i := range m.nodes {
		for e := m.nodes[i].first; e < m.nodes[i].last; e++ {
			child := &m.nodes[m.next[e]]
			if i > 0 {
				child.fail = m.step(m.nodes[i].fail, m.labels[e])
			}
			child.shorter = child.fail
			if m.nodes[child.fail].ends == 0 {
				child.shorter = m.nodes[child.fail].shorter
			}
		}
	}
}

// step follows label from a node.
func (m *matcher) step(at int32, label byte) int32 {
	for at != 0 {
		n := &m.nodes[at]
		for e := n.first; e < n.last && m.labels[e] <= label; e++ {
			if m.labels[e] == label {
				return m.next[e]
			}
		}
		at = n.fail
	}
	return m.root[label]
}

// ends reports whether a pattern ends at a node.
func (m *matcher) ends(at int32) bool { return m.nodes[at].ends != 0 || m.nodes[at].shorter != 0 }

// occurs reports whether any pattern occurs in text.
func (m *matcher) occurs(text []byte) bool {
	at := int32(0)
	for _, c := range text {
		at = m.step(at, c)
		if m.ends(at) {
			return true
		}
	}
	return false
}

// each calls found for every occurrence of a pattern in text, by rising end, the longest
// first, until it returns false.
func (m *matcher) each(text []byte, found func(pattern int32, end int) bool) {
	at := int32(0)
	for i, c := range text {
		at = m.step(at, c)
		for n := at; n != 0; n = m.nodes[n].shorter {
			if m.nodes[n].ends == 0 {
				continue
			}
			for _, p := range m.lists[m.nodes[n].ends] {
				if !found(p, i+1) {
					return
				}
			}
		}
	}
}
