package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"carbon/metric"
)

// corpus holds answers of a Graphite with 132 series.
type corpus struct {
	Names []string
	Find  []struct {
		Pattern string
		Nodes   []metric.Node
	}
	Leaves []struct {
		Pattern string
		Names   []string
	}
	Tagged []struct {
		Exprs []string
		Names []string
		Error bool
	}
}

func readCorpus(t *testing.T) (corpus, *Index) {
	t.Helper()
	data, err := os.ReadFile("testdata/corpus.json")
	if err != nil {
		t.Fatal(err)
	}
	var c corpus
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Names) == 0 || len(c.Find) == 0 || len(c.Leaves) == 0 || len(c.Tagged) == 0 {
		t.Fatal("testdata/corpus.json is incomplete")
	}
	return c, filled(c.Names...)
}

func filled(names ...string) *Index {
	x := New()
	for _, name := range names {
		x.Add(name)
	}
	return x
}

func TestFindMatchesGraphite(t *testing.T) {
	c, x := readCorpus(t)
	for _, q := range c.Find {
		got, err := x.Find(q.Pattern)
		if err != nil {
			t.Errorf("Find(%q): %v", q.Pattern, err)
			continue
		}
		if want := sorted(q.Nodes); !slices.Equal(got, want) {
			t.Errorf("Find(%q)\n got %v\nwant %v", q.Pattern, got, want)
		}
	}
	for _, q := range c.Leaves {
		nodes, err := x.Find(q.Pattern)
		if err != nil {
			t.Errorf("Find(%q): %v", q.Pattern, err)
			continue
		}
		var got []string
		for _, n := range nodes {
			if n.Leaf {
				got = append(got, n.Path)
			}
		}
		slices.Sort(q.Names)
		if !slices.Equal(got, q.Names) {
			t.Errorf("leaves of Find(%q)\n got %q\nwant %q", q.Pattern, got, q.Names)
		}
	}
}

func TestFindTaggedMatchesGraphite(t *testing.T) {
	c, x := readCorpus(t)
	for _, q := range c.Tagged {
		got, err := x.FindTagged(t.Context(), q.Exprs)
		var e *metric.TagExprError
		if errors.As(err, &e) != q.Error {
			t.Errorf("FindTagged(%q): error %v, want an error: %v", q.Exprs, err, q.Error)
		}
		if !slices.Equal(got, q.Names) {
			t.Errorf("FindTagged(%q)\n got %q\nwant %q", q.Exprs, got, q.Names)
		}
	}
}

func sorted(nodes []metric.Node) []metric.Node {
	slices.SortFunc(nodes, func(a, b metric.Node) int {
		if a.Path == b.Path && a.Leaf != b.Leaf {
			return map[bool]int{false: -1, true: 1}[a.Leaf]
		}
		return strings.Compare(a.Path, b.Path)
	})
	return nodes
}

func TestFind(t *testing.T) {
	x := filled("a.b", "a.b.c", "a.bb.c", "a.c.c.c", "x", "m;k=v")
	f := func(pattern, want string) {
		t.Helper()
		nodes, err := x.Find(pattern)
		if err != nil {
			t.Errorf("Find(%q): %v", pattern, err)
			return
		}
		var got []string
		for _, n := range nodes {
			s := n.Path
			if !n.Leaf {
				s += "/"
			}
			got = append(got, s)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("Find(%q) = %q, want %q", pattern, got, want)
		}
	}
	f("*", "a/ x")
	f("a", "a/")
	f("a.b", "a.b/ a.b")
	f("a.*", "a.b/ a.b a.bb/ a.c/")
	f("a.b*.c", "a.b.c a.bb.c")
	f("a.{b,c}.c", "a.b.c a.c.c/")
	f("a.{b,b*}.c", "a.b.c a.bb.c")
	f("**.c", "a.b.c a.bb.c a.c/ a.c.c/ a.c.c.c")
	f("**.c.**.c", "a.c.c/ a.c.c.c")
	f("a.**", "a.b/ a.b a.b.c a.bb/ a.bb.c a.c/ a.c.c/ a.c.c.c")
	f("a.", "a./")
	f("a..b", "a.b/ a.b")
	f("x.", "")
	f("", "")
	f(".", "")
	f("nope", "")
	f("a.b.c.d", "")
	f("m", "")
	f("m;k=v", "m;k=v")
	f("m;k=*", "")
	f("_tagged.**", "")

	var e *metric.PatternError
	if _, err := x.Find(strings.Repeat("{a,b}", 40)); !errors.As(err, &e) {
		t.Errorf("Find of a pattern with 2^40 alternatives: %v", err)
	}
}

// With many "**", a node can be reached in many ways, but the walk visits it once.
func TestFindManyDoubleStars(t *testing.T) {
	x := filled("a" + strings.Repeat(".a", 60))
	nodes, err := x.Find(strings.TrimSuffix(strings.Repeat("**.a.", 20), "."))
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes) != 61-19 {
		t.Errorf("%d nodes, want %d", len(nodes), 61-19)
	}
}

func TestAddRemove(t *testing.T) {
	x := New()
	add := func(name string, want bool) {
		t.Helper()
		if got := x.Add(name); got != want {
			t.Errorf("Add(%q) = %v, want %v", name, got, want)
		}
	}
	remove := func(name string, want bool) {
		t.Helper()
		if got := x.Remove(name); got != want {
			t.Errorf("Remove(%q) = %v, want %v", name, got, want)
		}
	}
	find := func(pattern string, want ...metric.Node) {
		t.Helper()
		if got, _ := x.Find(pattern); !slices.Equal(got, want) {
			t.Errorf("Find(%q) = %v, want %v", pattern, got, want)
		}
	}
	add("a.b.c", true)
	add("a.b.c", false)
	add("a.b", true)
	add("a.d", true)
	add("m;k=v", true)
	add("m;k=v", false)
	if x.Len() != 4 {
		t.Errorf("Len() = %d, want 4", x.Len())
	}
	remove("a", false)
	remove("a.b.c.d", false)
	remove("a.b", true)
	remove("a.b", false)
	find("a.*", metric.Node{Path: "a.b"}, metric.Node{Path: "a.d", Leaf: true})
	remove("a.b.c", true)
	find("a.*", metric.Node{Path: "a.d", Leaf: true})
	remove("a.d", true)
	find("**")
	remove("m;k=v", true)
	remove("m;k=v", false)
	find("m;k=v")
	if names, err := x.FindTagged(t.Context(), []string{"k!="}); err != nil || len(names) > 0 {
		t.Errorf("FindTagged after Remove: %q, %v", names, err)
	}
	if x.Len() != 0 {
		t.Errorf("Len() = %d, want 0", x.Len())
	}
	add("m;k=v", true)
	add("a.d", true)
}

// Random additions and removals are compared with a set of names.
func TestAddRemoveMatchesModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	x, model := New(), make(map[string]bool)
	for range 20_000 {
		nodes := make([]string, 1+rnd.IntN(4))
		for i := range nodes {
			nodes[i] = string(rune('a' + rnd.IntN(3)))
		}
		name := strings.Join(nodes, ".")
		if rnd.IntN(4) == 0 {
			name += fmt.Sprintf(";k=%d", rnd.IntN(4))
		}
		if rnd.IntN(2) == 0 {
			if x.Add(name) == model[name] {
				t.Fatalf("Add(%q): in the model: %v", name, model[name])
			}
			model[name] = true
		} else {
			if x.Remove(name) != model[name] {
				t.Fatalf("Remove(%q): in the model: %v", name, model[name])
			}
			delete(model, name)
		}
		if x.Has(name) != model[name] || x.Len() != len(model) {
			t.Fatalf("Has(%q) = %v, Len() = %d; model: %v, %d", name, x.Has(name), x.Len(), model[name], len(model))
		}
	}
	var got, want []string
	nodes, _ := x.Find("**")
	for _, n := range nodes {
		if n.Leaf {
			got = append(got, n.Path)
		}
	}
	names, _ := x.FindTagged(t.Context(), []string{"k!="})
	got = append(got, names...)
	for name := range model {
		want = append(want, name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("all names\n got %q\nwant %q", got, want)
	}
}

func TestFindTaggedErrors(t *testing.T) {
	x := filled("m;k=v")
	for _, exprs := range [][]string{
		nil, {""}, {"="}, {"k"}, {"k!"}, {"k!v"}, {";k=v"}, {"k=v;w"}, {"=v"}, {"k=~("}, {"k=~)|("}, {"k="}, {"k!=v"}, {"k=~.*"}, {"k!=~v"},
	} {
		var e *metric.TagExprError
		if names, err := x.FindTagged(t.Context(), exprs); !errors.As(err, &e) {
			t.Errorf("FindTagged(%q) = %q, %v; want a *metric.TagExprError", exprs, names, err)
		}
	}
}

func TestFindTaggedIsAnchoredAtTheStart(t *testing.T) {
	x := filled("m;k=abc", "m;k=xabc")
	names, err := x.FindTagged(t.Context(), []string{"k=~ab|zz"})
	if err != nil || !slices.Equal(names, []string{"m;k=abc"}) {
		t.Errorf("got %q, %v", names, err)
	}
}

func TestFindTaggedSupportsPythonExpressions(t *testing.T) {
	x := filled("m;k=web1", "m;k=web2", "m;k=test1", "m;k="+strings.Repeat("a", 100)+"b")
	f := func(want []string, exprs ...string) {
		t.Helper()
		if names, err := x.FindTagged(t.Context(), exprs); err != nil || !slices.Equal(names, want) {
			t.Errorf("%q: got %q, %v", exprs, names, err)
		}
	}
	f([]string{"m;k=web1", "m;k=web2"}, "k=~(?!test).+\\d\\Z")
	f([]string{"m;k=test1"}, "name=m", "k!=~(?!test)")

	// An expression that takes too long is an error, neither a match nor a mismatch.
	for _, expr := range []string{"k=~(?=a)(a+)+$", "k!=~(?=a)(a+)+$"} {
		var e *metric.TagExprError
		if names, err := x.FindTagged(t.Context(), []string{"name=m", expr}); !errors.As(err, &e) || e.Expr != expr {
			t.Errorf("%s: got %q, %v", expr, names, err)
		}
	}
	if values, err := x.Values(t.Context(), "k", "(?=a)(a+)+$", 0); !errors.As(err, new(*metric.TagExprError)) {
		t.Errorf("Values: %v, %v; want a *metric.TagExprError", values, err)
	}
}

// A query ends when its context is cancelled.
func TestCancelledTagQueriesEnd(t *testing.T) {
	x := New()
	for i := range 3 * pauseAfter {
		x.Add(fmt.Sprintf("m;k=v%d;same=x", i))
	}
	calls := 0
	ctx := cancelledContext{t.Context(), &calls}
	for name, do := range map[string]func() error{
		"all series":      func() error { _, err := x.FindTagged(ctx, []string{"same=x"}); return err },
		"a pattern":       func() error { _, err := x.FindTagged(ctx, []string{"k=~v"}); return err },
		"another pattern": func() error { _, err := x.FindTagged(ctx, []string{"same=x", "k=~.*nosuch"}); return err },
		"values":          func() error { _, err := x.Values(ctx, "k", "", 0); return err },
		"few values":      func() error { _, err := x.Values(ctx, "k", ".*nosuch", 1); return err },
	} {
		calls = 0
		if err := do(); !errors.Is(err, context.Canceled) || calls != 1 {
			t.Errorf("%s: %v after %d calls of Err", name, err, calls)
		}
	}
	if values, err := x.Values(t.Context(), "k", "", 2); err != nil || len(values) != 2 {
		t.Errorf("Values with limit 2: %v, %v", values, err)
	}
}

// cancelledContext is a cancelled context that counts the calls of Err.
type cancelledContext struct {
	context.Context
	calls *int
}

func (c cancelledContext) Err() error {
	*c.calls++
	return context.Canceled
}

func TestConcurrentUse(t *testing.T) {
	x := New()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 500 {
				name := fmt.Sprintf("a.b%d.c%d", i%10, w)
				x.Add(name)
				x.Add(name + ";k=v")
				x.Find("a.*.c?")
				x.FindTagged(t.Context(), []string{"k=v"})
				if i%3 == 0 {
					x.Remove(name)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"a.*", "**.c", "{a,b}.[!x]?.**", "a..", "m;k=v", "[", "\\", "{,a}.{b,}"} {
		f.Add(s)
	}
	x := filled("a.b", "a.b.c", "a.bb.c", "a.c.c.c", "x", "m;k=v")
	f.Fuzz(func(t *testing.T, pattern string) {
		nodes, err := x.Find(pattern)
		if err != nil {
			return
		}
		for _, n := range nodes {
			if name := strings.TrimSuffix(n.Path, "."); n.Leaf && !x.Has(name) {
				t.Errorf("Find(%q) returned %v, which is not in the index", pattern, n)
			}
		}
	})
}

func FuzzTagExpr(f *testing.F) {
	for _, s := range []string{"k=v", "k!=", "k=~v|w", "k!=~^v$", "name=m", "k=~(?i)V", "k=~(((a*)*)*)*"} {
		f.Add(s)
	}
	x := filled("m;k=v", "m;k=w", "n;l=v")
	f.Fuzz(func(t *testing.T, expr string) {
		names, err := x.FindTagged(t.Context(), []string{expr})
		var e *metric.TagExprError
		if err != nil && !errors.As(err, &e) {
			t.Errorf("FindTagged(%q): %v", expr, err)
		}
		for _, name := range names {
			if !x.Has(name) {
				t.Errorf("FindTagged(%q) returned %q, which is not in the index", expr, name)
			}
		}
	})
}
