package index

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"carbon/metric"
)

// model is a simple implementation of an index of plain names.
type model map[string]struct{ announced, stored bool }

// find matches each name and each of its branches.
func (m model) find(t *testing.T, pattern string) []metric.Node {
	t.Helper()
	p, err := metric.CompilePattern(pattern)
	if err != nil {
		t.Fatal(err)
	}
	found := map[metric.Node]bool{}
	for name := range m {
		if p.Match(name) {
			found[metric.Node{Path: name, Leaf: true}] = true
		}
		for i := range name {
			if name[i] == '.' && p.Match(name[:i]) {
				found[metric.Node{Path: name[:i]}] = true
			}
		}
	}
	return sorted(slices.Collect(maps.Keys(found)))
}

func (m model) below(branch string) (names []string) {
	for name := range m {
		if strings.HasPrefix(name, branch+".") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// randomName returns a name with few nodes of few different names. Some names contain
// characters that sort before a dot.
func randomName(rnd *rand.Rand) string {
	nodes := make([]string, 1+rnd.IntN(4))
	for i := range nodes {
		nodes[i] = []string{"a", "a-", "a-b", "a0", "b", "b+", "bb"}[rnd.IntN(7)]
	}
	return strings.Join(nodes, ".")
}

// modelTest applies the same operations to an index and to a model.
type modelTest struct {
	*testing.T
	rnd   *rand.Rand
	index *Index
	model model
	at    string // seed and step, for messages
}

func TestRandomChangesMatchModel(t *testing.T) {
	for seed := range uint64(12) {
		m := &modelTest{T: t, rnd: rand.New(rand.NewPCG(seed, 1)), index: New(), model: model{}}
		for step := range 400 {
			m.at = fmt.Sprintf("seed %d step %d", seed, step)
			m.change(randomName(m.rnd), randomName(m.rnd))
			m.compare()
		}
	}
}

// change applies one random operation.
func (m *modelTest) change(name, other string) {
	state, known := m.model[name]
	switch op := m.rnd.IntN(20); {
	case op < 8:
		if m.index.Add(name) == known {
			m.Fatalf("%s: Add(%q) = %v", m.at, name, known)
		}
		state.announced, state.stored = false, true
		m.model[name] = state
	case op < 11:
		if m.index.Announce(name) == known {
			m.Fatalf("%s: Announce(%q) = %v", m.at, name, known)
		}
		state.announced = true
		m.model[name] = state
	case op < 14:
		if m.index.Remove(name) != known {
			m.Fatalf("%s: Remove(%q) = %v", m.at, name, !known)
		}
		delete(m.model, name)
	case op < 15:
		m.removeBranch(name)
	case op < 17:
		_, taken := m.model[other]
		if err := m.index.Rename(name, other); (err == nil) != (known && !taken) {
			m.Fatalf("%s: Rename(%q, %q): %v", m.at, name, other, err)
		} else if err == nil {
			delete(m.model, name)
			m.model[other] = state
		}
	case op < 19:
		m.renameBranch(name, other)
	default:
		m.rescan()
	}
}

func (m *modelTest) removeBranch(branch string) {
	got, want := m.index.RemoveBranch(branch), m.model.below(branch)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		m.Fatalf("%s: RemoveBranch(%q) = %q, want %q", m.at, branch, got, want)
	}
	for _, name := range want {
		delete(m.model, name)
	}
}

func (m *modelTest) renameBranch(from, to string) {
	names := m.model.below(from)
	possible := len(names) > 0 && len(m.model.below(to)) == 0 && !strings.HasPrefix(to, from+".")
	if err := m.index.RenameBranch(from, to); (err == nil) != possible {
		m.Fatalf("%s: RenameBranch(%q, %q): %v", m.at, from, to, err)
	} else if err == nil {
		for _, old := range names {
			state := m.model[old]
			delete(m.model, old)
			m.model[to+old[len(from):]] = state
		}
	}
}

// rescan performs a rescan that finds a random half of the metrics stored.
func (m *modelTest) rescan() {
	m.index.BeginRescan()
	for name, state := range m.model {
		state.stored = m.rnd.IntN(2) == 0
		if state.stored {
			m.index.Add(name)
			state.announced = false
		}
		m.model[name] = state
	}
	var want []string
	for name, state := range m.model {
		if !state.stored && !state.announced {
			want = append(want, name)
			delete(m.model, name)
		}
	}
	got := m.index.EndRescan()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		m.Fatalf("%s: EndRescan() = %q, want %q", m.at, got, want)
	}
}

// compare compares the length and the result of a query.
func (m *modelTest) compare() {
	patterns := []string{
		"*", "*.*", "**", "a*.*", "a.*", "{a,b}.*", "*.{a-,b*}.**", "**.b", "a.**.a", "**.a*.**", "a-.b.*", "{b,a-*}", "?.?.?", "**.**.a0", "[!a].*", "a.b.bb",
	}
	if m.index.Len() != len(m.model) {
		m.Fatalf("%s: Len() = %d, want %d", m.at, m.index.Len(), len(m.model))
	}
	pattern := patterns[m.rnd.IntN(len(patterns))]
	if got, _ := m.index.Find(pattern); !slices.Equal(got, m.model.find(m.T, pattern)) {
		m.Fatalf("%s: Find(%q)\n got %v\nwant %v", m.at, pattern, got, m.model.find(m.T, pattern))
	}
}

// A list that grows to thousands of numbers and shrinks again is compared with a sorted
// slice.
func TestListMatchesSortedSlice(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	var s lists
	var l, other list
	var want []uint32
	maxLen := 3000
	for step := range 20_000 {
		grow := step/5000%2 == 0
		if rnd.IntN(10) == 0 {
			grow = !grow
		}
		v := uint32(rnd.IntN(1 << 20))
		if grow && step%3 == 0 {
			v = uint32(step) + 1<<21 // sorts last
		}
		if !grow && len(want) > 0 {
			v = want[rnd.IntN(len(want))]
		}
		at := s.search(&l, func(u uint32) bool { return u < v })
		i, found := slices.BinarySearch(want, v)
		switch {
		case grow && !found && len(want) < maxLen:
			s.insert(&l, at, v)
			want = slices.Insert(want, i, v)
		case !grow && found:
			s.remove(&l, at)
			want = slices.Delete(want, i, i+1)
		}
		if step%500 == 0 || len(want) < 4 {
			var got []uint32
			for at := (position{}); ; {
				v, next, ok := s.get(&l, at)
				if !ok {
					break
				}
				got, at = append(got, v), next
			}
			if !slices.Equal(got, want) || !slices.Equal(s.all(&l), want) {
				t.Fatalf("step %d: %d numbers, want %d", step, len(got), len(want))
			}
			s.clear(&other)
			for _, v := range want {
				s.append(&other, v)
			}
			if !slices.Equal(s.all(&other), want) {
				t.Fatalf("step %d: a copy has %d numbers, want %d", step, other.n, len(want))
			}
		}
	}
	s.clear(&l)
	s.clear(&other)
	if n := len(s.freeLarge); n != len(s.large) {
		t.Errorf("%d of %d large lists are free after clear", n, len(s.large))
	}
	if limit := 4 * maxLen / chunkSize * 3; len(s.chunks) > limit {
		t.Errorf("%d chunks, want %d at most", len(s.chunks), limit)
	}
}

// Names of all lengths and with many tags can be added, found and removed.
func TestLongNames(t *testing.T) {
	x := New()
	var names []string
	for i := 1; i <= metric.MaxNodeLength; i++ {
		names = append(names, strings.Repeat("n", i)+"."+strings.Repeat("l", metric.MaxNodeLength+1-i))
	}
	var many strings.Builder
	many.WriteString("m")
	for i := range 700 {
		fmt.Fprintf(&many, ";%c%c=v", 'a'+i/26, 'a'+i%26)
	}
	names = append(names, many.String(), "m;k="+strings.Repeat("v", metric.MaxTaggedLength-4), strings.Repeat("a.", 63)+"a")
	for _, name := range names {
		if canonical, err := metric.Canonical(name); err != nil || canonical != name {
			t.Fatalf("%.40q is not canonical: %v", name, err)
		}
		if !x.Add(name) || x.Add(name) {
			t.Errorf("Add(%.40q)", name)
		}
	}
	if got, err := x.FindTagged(t.Context(), []string{"aa=v"}); err != nil || !slices.Equal(got, []string{many.String()}) {
		t.Errorf("FindTagged of a series with 700 tags: %d names, %v", len(got), err)
	}
	for _, name := range names {
		if !x.Remove(name) || x.Has(name) {
			t.Errorf("Remove(%.40q)", name)
		}
	}
	if x.Add(strings.Repeat("n", maxName+1)) || x.Add("m;k="+strings.Repeat("v", maxName)) || x.Len() != 0 {
		t.Error("a name sortsLast all bounds was added")
	}
}

// When names are added and removed all the time, memory depends only on the number of
// names that exist at the same time. SOAK=1 uses more of them.
func TestMemoryDoesNotGrowWithChurn(t *testing.T) {
	names, live := 60_000, 2000
	if os.Getenv("SOAK") != "" {
		names, live = 5_000_000, 10_000
	}
	x := New()
	name := func(i int) string {
		if i%4 == 0 {
			return fmt.Sprintf("m.%d;pod=p%d;env=prod", i%7, i)
		}
		return fmt.Sprintf("pods.ns%d.pod-%x.cpu", i%50, uint64(i)*0x9e3779b97f4a7c15)
	}
	for i := range names {
		x.Add(name(i))
		if i >= live && !x.Remove(name(i-live)) {
			t.Fatalf("%s is missing", name(i-live))
		}
	}
	if x.Len() != live {
		t.Errorf("Len() = %d, want %d", x.Len(), live)
	}
	for what, tree := range map[string]*tree{"plain": &x.tree, "tagged": &x.tagged.tree} {
		if n := int(tree.branches.last + tree.nodes.last); n > 5*live {
			t.Errorf("%s: %d nodes allocated", what, n)
		}
		if n := int(tree.names.next); n > 5*live {
			t.Errorf("%s: %d names allocated", what, n)
		}
		if n := len(tree.names.bytes) * byteChunk; n > 100*live+2*byteChunk {
			t.Errorf("%s: %d bytes of names allocated", what, n)
		}
		if n := len(tree.lists.chunks) * chunkSize; n > 20*live+2*chunkSize {
			t.Errorf("%s: %d list entries allocated", what, n)
		}
	}
	if n := int(x.tagged.next); n > 2*live {
		t.Errorf("%d tagged series allocated", n)
	}
}

// While other names are added and removed, Find and FindTagged return each name that
// always exists exactly once, in order, and no name that never existed.
func TestFindDuringChanges(t *testing.T) {
	x := New()
	steady := make(map[string]bool)
	for i := range 6000 {
		name := fmt.Sprintf("a.d%02d.s%d.m%d", i%37, i%11, i)
		steady[name] = true
		x.Add(name)
		x.Add(name + ";k=v")
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 9))
			for {
				select {
				case <-stop:
					return
				default:
					changeOthers(x, rnd, w)
				}
			}
		})
	}
	for range 10 {
		for _, pattern := range []string{"**", "a.*.s*.*"} {
			checkFindHasSteady(t, x, pattern, steady)
		}
		names, err := x.FindTagged(t.Context(), []string{"k=~v"})
		n := 0
		for _, name := range names {
			if steady[strings.TrimSuffix(name, ";k=v")] {
				n++
			}
		}
		if err != nil || n != len(steady) {
			t.Errorf("FindTagged returned %d of %d names, %v", n, len(steady), err)
		}
	}
	close(stop)
	wg.Wait()
	for _, r := range []*reclaimer{&x.tree.reclaimer, &x.tagged.tree.reclaimer} {
		if len(r.traversals) > 0 {
			t.Errorf("%d traversals did not end", len(r.traversals))
		}
	}
}

// changeOthers adds and removes names other than the steady ones.
func changeOthers(x *Index, rnd *rand.Rand, worker int) {
	name := fmt.Sprintf("a.d%02d-%d.s%d.x%d", rnd.IntN(37), rnd.IntN(2), worker, rnd.IntN(100))
	x.Announce(name)
	x.Add(name + ";k=v")
	if rnd.IntN(2) == 0 {
		x.Remove(name)
		x.Remove(name + ";k=v")
	}
	i := rnd.IntN(6000)
	below := fmt.Sprintf("a.d%02d.s%d.m%d.x", i%37, i%11, i) // makes a steady leaf a branch as well
	x.Add(below)
	x.Remove(below)
	if rnd.IntN(50) == 0 {
		x.RemoveBranch(fmt.Sprintf("a.d%02d-%d", rnd.IntN(37), rnd.IntN(2)))
		x.RenameBranch(fmt.Sprintf("a.d%02d-0", rnd.IntN(37)), fmt.Sprintf("a.r%d", rnd.IntN(100)))
	}
}

// checkFindHasSteady checks that the result of Find is sorted and has all steady names
// once.
func checkFindHasSteady(t *testing.T, x *Index, pattern string, steady map[string]bool) {
	t.Helper()
	nodes, err := x.Find(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(nodes, func(a, b metric.Node) int { return strings.Compare(a.Path, b.Path) }) {
		t.Errorf("Find(%q) is not sorted", pattern)
	}
	n := 0
	for i, node := range nodes {
		switch {
		case i > 0 && node == nodes[i-1]:
			t.Errorf("Find(%q) returned %v twice", pattern, node)
		case node.Leaf && steady[node.Path]:
			n++
		case node.Leaf && !strings.Contains(node.Path, ".x"):
			t.Errorf("Find(%q) returned %v, which was never added", pattern, node)
		}
	}
	if n != len(steady) {
		t.Errorf("Find(%q) returned %d of %d names", pattern, n, len(steady))
	}
}

func TestTagsAndValues(t *testing.T) {
	x := filled("m;dc=eu;host=a", "m;dc=eu;host=b", "n;dc=us;rack=1", "plain.name")
	if tags, err := x.Tags(t.Context(), "", 0); err != nil || !slices.Equal(tags, []string{"dc", "host", "name", "rack"}) {
		t.Errorf("Tags: %q, %v", tags, err)
	}
	if tags, err := x.Tags(t.Context(), "h|r", 1); err != nil || !slices.Equal(tags, []string{"host"}) {
		t.Errorf("Tags(h|r) with limit 1: %q, %v", tags, err)
	}
	if values, err := x.Values(t.Context(), "dc", "", 0); err != nil || !slices.Equal(values, []metric.TagCount{{Value: "eu", Series: 2}, {Value: "us", Series: 1}}) {
		t.Errorf("values of dc: %v, %v", values, err)
	}
	if values, err := x.Values(t.Context(), "dc", "u", 0); err != nil || !slices.Equal(values, []metric.TagCount{{Value: "us", Series: 1}}) {
		t.Errorf("values of dc that begin with u: %v, %v", values, err)
	}
	if values, err := x.Values(t.Context(), "nope", "", 0); err != nil || len(values) > 0 {
		t.Errorf("values of an unknown tag: %v, %v", values, err)
	}
	if _, err := x.Tags(t.Context(), "(", 0); err == nil {
		t.Error("Tags of an invalid expression: no error")
	}
	if _, err := x.Values(t.Context(), "dc", "(", 0); err == nil {
		t.Error("Values of an invalid expression: no error")
	}
}
