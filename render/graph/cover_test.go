package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestCover(t *testing.T) {
	var c cover
	f := func(want string, ys ...float64) {
		t.Helper()
		var path []PathPoint
		for i, y := range ys {
			if y == y {
				path = append(path, PathPoint{Move: i > 0 && ys[i-1] != ys[i-1], X: float64(i), Y: y})
			}
		}
		if got := fmt.Sprint(c.add(path, 10)); got != want {
			t.Errorf("%g:\n got %s\nwant %s", ys, got, want)
		}
	}
	// y grows downwards; the base is at 10
	f("[[{0 6} {1 6} {1 10} {0 10}]]", 6, 6)
	f("[]", 8, 8)                                // behind the first
	f("[[{0 4} {1 4} {1 6} {0 6}]]", 4, 4)       // reaches over it
	f("[[{0 2} {0.5 4} {0.5 4} {0 4}]]", 2, 6)   // crosses it
	f("[[{0 13} {1 13} {1 10} {0 10}]]", 13, 13) // the other side of the base
	f("[[{0 14} {0.5 13} {0.5 13} {0 13}]]", 14, 12)
	f("[[{2 5} {3 5} {3 10} {2 10}]]", math.NaN(), math.NaN(), 5, 5)
	f("[[{1 4} {2 4} {3 4} {3 5} {2 5} {2 10} {1 10}]]", math.NaN(), 4, 4, 4)
}

// In any order, areas cover each point once, and only points within one of them.
func TestCoverOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const width, base = 40.0, 50.0
	var c cover
	painted := map[[2]float64]int{} // by sample
	within := map[[2]float64]bool{}
	var samples [][2]float64
	for range 2000 {
		samples = append(samples, [2]float64{r.Float64() * width, r.Float64() * 100})
	}
	for range 12 {
		var path []PathPoint
		step := 1 + r.Float64()*4
		for x := r.Float64() * 9; x < width; x += step {
			path = append(path, PathPoint{X: x, Y: r.Float64() * 100})
		}
		for _, s := range samples {
			for i := 1; i < len(path); i++ {
				a, b := path[i-1], path[i]
				if s[0] < a.X || s[0] >= b.X {
					continue
				}
				y := a.Y + (b.Y-a.Y)*(s[0]-a.X)/(b.X-a.X)
				if min(y, base) < s[1] && s[1] < max(y, base) {
					within[s] = true
				}
			}
		}
		for _, polygon := range c.add(path, base) {
			for _, s := range samples {
				if inside(polygon, s[0], s[1]) {
					painted[s]++
				}
			}
		}
	}
	for _, s := range samples {
		if want := map[bool]int{true: 1}[within[s]]; painted[s] != want {
			t.Errorf("%v is painted %d times, want %d", s, painted[s], want)
		}
	}
}

// inside reports whether a point is inside, by counting the edges to its right.
func inside(polygon []point, x, y float64) bool {
	in := false
	for i, q := range polygon {
		p := polygon[(i+len(polygon)-1)%len(polygon)]
		if (p.y > y) != (q.y > y) && x < p.x+(q.x-p.x)*(y-p.y)/(q.y-p.y) {
			in = !in
		}
	}
	return in
}

func TestClipLine(t *testing.T) {
	f := func(want string, path ...PathPoint) {
		t.Helper()
		got := ""
		clipLine(path, Area{0, 10, 0, 10}, func(move bool, p point) {
			if move {
				got += "| "
			}
			got += fmt.Sprintf("%g,%g ", p.x, p.y)
		})
		if got != want {
			t.Errorf("%v: %s, want %s", path, got, want)
		}
	}
	at := func(x, y float64) PathPoint { return PathPoint{X: x, Y: y} }
	f("| 1,1 2,2 3,1 ", at(1, 1), at(2, 2), at(3, 1))
	f("| 1,1 2,2 | 5,5 6,6 ", at(1, 1), at(2, 2), PathPoint{true, 5, 5}, at(6, 6))
	f("| 0,5 10,5 ", at(-5, 5), at(15, 5))
	f("| 5,5 5,0 | 7,0 7,5 ", at(5, 5), at(5, -9), at(7, -9), at(7, 5))
	f("", at(-5, 5), at(-5, 15), at(20, 20))
	f("", at(3, 3))
	f("")
	f("| 5,5 5,10 ", at(5, 5), at(5, math.Inf(1)))
}

func TestClipPolygon(t *testing.T) {
	f := func(want string, polygon ...point) {
		t.Helper()
		if got := fmt.Sprint(clipPolygon(polygon, Area{0, 10, 0, 10})); got != want {
			t.Errorf("%v: %s, want %s", polygon, got, want)
		}
	}
	f("[{1 1} {9 1} {9 9}]", point{1, 1}, point{9, 1}, point{9, 9})
	f("[{0 10} {0 0} {10 0} {10 10}]", point{-5, -5}, point{15, -5}, point{15, 15}, point{-5, 15})
	f("[]", point{20, 1}, point{30, 1}, point{20, 9})
}
