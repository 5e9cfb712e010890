package index

import (
	"fmt"
	"slices"
	"testing"

	"carbon/metric"
)

// paths returns the paths of nodes, those of branches with a trailing dot.
func paths(nodes []metric.Node) (result []string) {
	for _, n := range nodes {
		if !n.Leaf {
			n.Path += "."
		}
		result = append(result, n.Path)
	}
	return result
}

func TestSearchFindsAllWordsInPaths(t *testing.T) {
	x := New()
	for _, name := range []string{"servers.web01.cpu.user", "servers.web01.CPU-total", "servers.web02.mem", "db.cpu", "web.a"} {
		x.Add(name)
	}
	f := func(words []string, limit int, wantMore bool, want ...string) {
		t.Helper()
		found, more := x.Search(words, limit)
		if got := paths(found); !slices.Equal(got, want) || more != wantMore {
			t.Errorf("Search(%q) = %q, %v; want %q, %v", words, got, more, want, wantMore)
		}
	}
	f([]string{"cpu"}, 10, false, "db.cpu", "servers.web01.CPU-total", "servers.web01.cpu.", "servers.web01.cpu.user")
	f([]string{"cpu"}, 2, true, "db.cpu", "servers.web01.CPU-total")
	f([]string{"WEB", "cpu"}, 10, false, "servers.web01.CPU-total", "servers.web01.cpu.", "servers.web01.cpu.user")
	f([]string{"cpu", "web01"}, 3, false, "servers.web01.CPU-total", "servers.web01.cpu.", "servers.web01.cpu.user")
	f([]string{"web01.cpu"}, 10, false, "servers.web01.CPU-total", "servers.web01.cpu.", "servers.web01.cpu.user")
	f([]string{"02.m"}, 10, false, "servers.web02.mem")
	f([]string{"nothing"}, 10, false)
	f(nil, 2, true, "db.cpu", "servers.web01.CPU-total")
}

func TestFindFirstReturnsBeginningOfFind(t *testing.T) {
	x := New()
	for i := range 100 {
		for j := range 20 {
			x.Add(fmt.Sprintf("a%d.b%d.c", i%10, i/10))
			x.Add(fmt.Sprintf("a%d.b%d.c.d%d", i%10, i/10, j))
		}
	}
	for _, pattern := range []string{"*", "a1.*", "**", "a*.b1.c", "{a1,a2,x}.*.*", "**.d1", "a1.b1.c.*", "a1..b1", "no.*"} {
		all, err := x.Find(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{0, 1, 7, len(all) - 1, len(all), len(all) + 1} {
			if limit < 0 {
				continue
			}
			got, more, err := x.FindFirst(pattern, limit)
			if err != nil || !slices.Equal(got, all[:min(limit, len(all))]) || more != (len(all) > limit) {
				t.Errorf("FindFirst(%q, %d): %d nodes, %v, %v", pattern, limit, len(got), more, err)
			}
		}
	}
	if _, _, err := x.FindFirst("[", 1); err == nil {
		if _, want := x.Find("["); want != nil {
			t.Error("FindFirst of an invalid pattern: no error")
		}
	}
}

func BenchmarkSearchMillion(b *testing.B) {
	x := New()
	for i := range 1_000_000 {
		x.Add(fmt.Sprintf("servers.host%05d.plugin%d.metric%d", i/100, i/10%10, i%10))
	}
	for _, words := range [][]string{{"host00042"}, {"nothing"}, {"host0", "metric9"}, {"n9.metric3"}} {
		b.Run(words[0], func(b *testing.B) {
			for b.Loop() {
				x.Search(words, 500)
			}
		})
	}
}
