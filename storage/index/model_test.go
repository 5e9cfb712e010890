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

// model is an index of plain names, done simply.
type model map[string]struct{ announced, confirmed bool }

// find goes by metric.Pattern alone.
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

// randomName has few nodes of few names, some of which sort before a dot.
func randomName(rnd *rand.Rand) string {
	nodes := make([]string, 1+rnd.IntN(4))
	for i := range nodes {
		nodes[i] = []string{"a", "a-", "a-b", "a0", "b", "b+", "bb"}[rnd.IntN(7)]
	}
	return strings.Join(nodes, ".")
}

// Random changes of all kinds, and what is found after each.
func TestModelOfChanges(t *testing.T) {
	patterns := []string{
		"*", "*.*", "**", "a*.*", "a.*", "{a,b}.*", "*.{a-,b*}.**", "**.b", "a.**.a", "**.a*.**", "a-.b.*", "{b,a-*}", "?.?.?", "**.**.a0", "[!a].*", "a.b.bb",
	}
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		x, m := New(), model{}
		for step := range 400 {
			name, other := randomName(rnd), randomName(rnd)
			state, known := m[name]
			switch op := rnd.IntN(20); {
			case op < 8:
				if x.Add(name) == known {
					t.Fatalf("seed %d step %d: Add(%q)", seed, step, name)
				}
				state.announced, state.confirmed = false, true
				m[name] = state
			case op < 11:
				if x.Announce(name) == known {
					t.Fatalf("seed %d step %d: Announce(%q)", seed, step, name)
				}
				state.announced = true
				m[name] = state
			case op < 14:
				if x.Remove(name) != known {
					t.Fatalf("seed %d step %d: Remove(%q)", seed, step, name)
				}
				delete(m, name)
			case op < 15:
				got, want := x.RemoveBranch(name), m.below(name)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d step %d: RemoveBranch(%q) = %q, want %q", seed, step, name, got, want)
				}
				for _, name := range want {
					delete(m, name)
				}
			case op < 17:
				_, taken := m[other]
				if err := x.Rename(name, other); (err == nil) != (known && !taken) {
					t.Fatalf("seed %d step %d: Rename(%q, %q): %v", seed, step, name, other, err)
				} else if err == nil {
					delete(m, name)
					m[other] = state
				}
			case op < 19:
				names := m.below(name)
				possible := len(names) > 0 && len(m.below(other)) == 0 && !strings.HasPrefix(other, name+".")
				if err := x.RenameBranch(name, other); (err == nil) != possible {
					t.Fatalf("seed %d step %d: RenameBranch(%q, %q): %v", seed, step, name, other, err)
				} else if err == nil {
					for _, old := range names {
						state := m[old]
						delete(m, old)
						m[other+old[len(name):]] = state
					}
				}
			default:
				x.BeginRescan()
				for name, state := range m {
					state.confirmed = rnd.IntN(2) == 0
					if state.confirmed {
						x.Add(name)
						state.announced = false
					}
					m[name] = state
				}
				var want []string
				for name, state := range m {
					if !state.confirmed && !state.announced {
						want = append(want, name)
						delete(m, name)
					}
				}
				got := x.EndRescan()
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d step %d: EndRescan() = %q, want %q", seed, step, got, want)
				}
			}
			if x.Len() != len(m) {
				t.Fatalf("seed %d step %d: Len() = %d, want %d", seed, step, x.Len(), len(m))
			}
			pattern := patterns[rnd.IntN(len(patterns))]
			if got, _ := x.Find(pattern); !slices.Equal(got, m.find(t, pattern)) {
				t.Fatalf("seed %d step %d: Find(%q)\n got %v\nwant %v", seed, step, pattern, got, m.find(t, pattern))
			}
		}
	}
}

// A directory that grows to thousands and shrinks again, against a sorted slice.
func TestLists(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	var s lists
	var l, other list
	var want []uint32
	most := 3000
	for step := range 20_000 {
		grow := step/5000%2 == 0
		if rnd.IntN(10) == 0 {
			grow = !grow
		}
		v := uint32(rnd.IntN(1 << 20))
		if grow && step%3 == 0 {
			v = uint32(step) + 1<<21 // at the end
		}
		if !grow && len(want) > 0 {
			v = want[rnd.IntN(len(want))]
		}
		at := s.search(&l, func(u uint32) bool { return u < v })
		i, found := slices.BinarySearch(want, v)
		switch {
		case grow && !found && len(want) < most:
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
		t.Errorf("%d of %d large lists are free in the end", n, len(s.large))
	}
	if limit := 4 * most / chunkSize * 3; len(s.chunks) > limit {
		t.Errorf("%d chunks, want %d at most", len(s.chunks), limit)
	}
}

// Long names of all lengths and many tags do not break anything.
func TestUnusualNames(t *testing.T) {
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
		t.Errorf("of 700 tags: %d names, %v", len(got), err)
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

// Names that come and go do not take more memory than those that are there at
// once. SOAK=1 takes more of them.
func TestChurn(t *testing.T) {
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
			t.Fatalf("%s is not there", name(i-live))
		}
	}
	if x.Len() != live {
		t.Errorf("Len() = %d, want %d", x.Len(), live)
	}
	for what, tree := range map[string]*tree{"plain": &x.tree, "tagged": &x.tagged.tree} {
		if n := int(tree.branches.last + tree.nodes.last); n > 5*live {
			t.Errorf("%s: room for %d nodes", what, n)
		}
		if n := int(tree.names.next); n > 5*live {
			t.Errorf("%s: room for %d names", what, n)
		}
		if n := len(tree.names.bytes) * byteChunk; n > 100*live+2*byteChunk {
			t.Errorf("%s: room for %d bytes of names", what, n)
		}
		if n := len(tree.lists.chunks) * chunkSize; n > 20*live+2*chunkSize {
			t.Errorf("%s: room for %d numbers in lists", what, n)
		}
	}
	if n := int(x.tagged.next); n > 2*live {
		t.Errorf("room for %d tagged series", n)
	}
}

// What was there all the time is found once, in order, whatever comes and goes
// during a walk; nothing is made up.
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
				}
				name := fmt.Sprintf("a.d%02d-%d.s%d.x%d", rnd.IntN(37), rnd.IntN(2), w, rnd.IntN(100))
				x.Announce(name)
				x.Add(name + ";k=v")
				if rnd.IntN(2) == 0 {
					x.Remove(name)
					x.Remove(name + ";k=v")
				}
				i := rnd.IntN(6000)
				below := fmt.Sprintf("a.d%02d.s%d.m%d.x", i%37, i%11, i) // what was a leaf alone is now a branch as well
				x.Add(below)
				x.Remove(below)
				if rnd.IntN(50) == 0 {
					x.RemoveBranch(fmt.Sprintf("a.d%02d-%d", rnd.IntN(37), rnd.IntN(2)))
					x.RenameBranch(fmt.Sprintf("a.d%02d-0", rnd.IntN(37)), fmt.Sprintf("a.r%d", rnd.IntN(100)))
				}
			}
		})
	}
	for range 10 {
		for _, pattern := range []string{"**", "a.*.s*.*"} {
			nodes, err := x.Find(pattern)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.IsSortedFunc(nodes, func(a, b metric.Node) int { return strings.Compare(a.Path, b.Path) }) {
				t.Errorf("Find(%q) is not in order", pattern)
			}
			n := 0
			for i, node := range nodes {
				switch {
				case i > 0 && node == nodes[i-1]:
					t.Errorf("Find(%q) has %v twice", pattern, node)
				case node.Leaf && steady[node.Path]:
					n++
				case node.Leaf && !strings.Contains(node.Path, ".x"):
					t.Errorf("Find(%q) made up %v", pattern, node)
				}
			}
			if n != len(steady) {
				t.Errorf("Find(%q) has %d of %d names", pattern, n, len(steady))
			}
		}
		names, err := x.FindTagged(t.Context(), []string{"k=~v"})
		n := 0
		for _, name := range names {
			if steady[strings.TrimSuffix(name, ";k=v")] {
				n++
			}
		}
		if err != nil || n != len(steady) {
			t.Errorf("FindTagged has %d of %d names, %v", n, len(steady), err)
		}
	}
	close(stop)
	wg.Wait()
	for _, reclaimer := range []*reclaimer{&x.tree.reclaimer, &x.tagged.tree.reclaimer} {
		if len(reclaimer.traversals) > 0 {
			t.Errorf("%d traversals did not end", len(reclaimer.traversals))
		}
	}
}

func TestTagsAndValues(t *testing.T) {
	x := filled("m;dc=eu;host=a", "m;dc=eu;host=b", "n;dc=us;rack=1", "plain.name")
	if tags, err := x.Tags(t.Context(), "", 0); err != nil || !slices.Equal(tags, []string{"dc", "host", "name", "rack"}) {
		t.Errorf("Tags: %q, %v", tags, err)
	}
	if tags, err := x.Tags(t.Context(), "h|r", 1); err != nil || !slices.Equal(tags, []string{"host"}) {
		t.Errorf("one tag of h|r: %q, %v", tags, err)
	}
	if values, err := x.Values(t.Context(), "dc", "", 0); err != nil || !slices.Equal(values, []metric.TagCount{{Value: "eu", Series: 2}, {Value: "us", Series: 1}}) {
		t.Errorf("values of dc: %v, %v", values, err)
	}
	if values, err := x.Values(t.Context(), "dc", "u", 0); err != nil || !slices.Equal(values, []metric.TagCount{{Value: "us", Series: 1}}) {
		t.Errorf("values of dc that begin with u: %v, %v", values, err)
	}
	if values, err := x.Values(t.Context(), "nope", "", 0); err != nil || len(values) > 0 {
		t.Errorf("values of no tag: %v, %v", values, err)
	}
	if _, err := x.Tags(t.Context(), "(", 0); err == nil {
		t.Error("Tags of half an expression: no error")
	}
	if _, err := x.Values(t.Context(), "dc", "(", 0); err == nil {
		t.Error("Values of half an expression: no error")
	}
}
