package tool

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"carbon/metric"
)

// TestResample resamples a few points, given by their age in seconds. now is a
// multiple of 100, but not of 300.
func TestResample(t *testing.T) {
	type archives map[string]string // retention → "age:value ..."
	f := func(method string, xFilesFactor float64, old, want archives) {
		t.Helper()
		c := content{layout: metric.Layout{Aggregation: method}}
		for _, def := range sortedDefs(t, old) {
			a, err := parseRetentions([]string{def})
			if err != nil {
				t.Fatal(err)
			}
			c.layout.Archives = append(c.layout.Archives, a...)
			c.points = append(c.points, ages(t, old[def]))
		}
		defs := sortedDefs(t, want)
		for i, points := range resample(c, layout(t, method, xFilesFactor, defs...), now) {
			if got, want := fmt.Sprint(points), fmt.Sprint(ages(t, want[defs[i]])); got != want {
				t.Errorf("%v -> %s: %s, want %s", old, defs[i], got, want)
			}
		}
	}
	// An archive keeps the points of the same step within its retention.
	f("sum", 0, archives{"10:100": "20:1 300:2 990:3"}, archives{"10:50": "20:1 300:2"})
	f("sum", 0, archives{"10:50": "20:1 300:2"}, archives{"10:100": "20:1 300:2"})
	// Existing coarse points are not computed again.
	f("sum", 0, archives{"10:50": "20:1 10:2", "100:50": "100:5 600:9"}, archives{"10:50": "20:1 10:2", "100:20": "100:5 600:9"})
	// Missing ones are rolled up if enough points are known.
	f("sum", 0.2, archives{"10:50": "100:1 90:2 0:4"}, archives{"10:50": "100:1 90:2 0:4", "100:20": "100:3"})
	f("max", 0.1, archives{"10:50": "100:1 90:2 0:4"}, archives{"10:50": "100:1 90:2 0:4", "100:20": "100:2 0:4"})
	// Where the layout keeps nothing finer, one known point is enough.
	f("sum", 1, archives{"10:100": "500:1 490:2 200:4"}, archives{"100:20": "500:3 200:4"})
	f("sum", 1, archives{"10:100": "500:1 490:2 200:4"}, archives{"10:30": "200:4", "100:20": "500:3"})
	// Of several finer archives, the one with the most known points of a slot wins.
	f("sum", 0, archives{"10:20": "110:1", "20:100": "120:3 100:4 500:5"}, archives{"60:100": "500:5 140:7"})
	// Coarse points fill slots for which there are no finer ones.
	f("sum", 0, archives{"10:20": "110:1", "100:100": "200:7 800:8"}, archives{"10:100": "800:8 110:1", "100:100": "800:8 200:7"})
}

// sortedDefs returns the retentions from fine to coarse.
func sortedDefs(t *testing.T, archives map[string]string) []string {
	t.Helper()
	defs := slices.Collect(maps.Keys(archives))
	slices.SortFunc(defs, func(a, b string) int {
		return int(step(t, a) - step(t, b))
	})
	return defs
}

func step(t *testing.T, def string) int64 {
	t.Helper()
	a, err := parseRetentions([]string{def})
	if err != nil {
		t.Fatal(err)
	}
	return a[0].Step
}

// ages parses "age:value ..." and returns the points, oldest first.
func ages(t *testing.T, s string) (points []metric.Point) {
	t.Helper()
	var age int64
	var value float64
	for _, field := range strings.Fields(s) {
		if _, err := fmt.Sscanf(field, "%d:%g", &age, &value); err != nil {
			t.Fatal(err)
		}
		points = append(points, metric.Point{Time: now - age, Value: value})
	}
	slices.SortFunc(points, func(a, b metric.Point) int { return int(a.Time - b.Time) })
	return points
}

// TestCountLosses compares the counted losses with those of resample, for random
// contents and layouts.
func TestCountLosses(t *testing.T) {
	layouts := [][]string{
		{"10:60"},
		{"10:600"},
		{"60:60"},
		{"60:600"},
		{"10:60", "60:100"},
		{"10:60", "60:100", "300:100"},
		{"20:60", "300:100"},
		{"60:10", "300:20"},
		{"30:1000"},
		{"7:100", "49:200"},
	}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		old := content{layout: layout(t, "average", 0.5, layouts[r.IntN(len(layouts))]...)}
		for _, a := range old.layout.Archives {
			var points []metric.Point
			for t := oldest(a, now); t <= now; t += a.Step {
				if r.IntN(3) > 0 {
					points = append(points, metric.Point{Time: t, Value: r.Float64()})
				}
			}
			old.points = append(old.points, points)
		}
		to := layout(t, "average", 0.5, layouts[r.IntN(len(layouts))]...)
		resampled := resample(old, to, now)

		var want losses
		for i, source := range old.layout.Archives {
			for _, p := range old.points[i] {
				// finest is the finest archive that covers the point, or -1; kept is
				// whether an archive holds the point unchanged.
				finest, kept := -1, false
				for j, a := range to.Archives {
					reaches := floor(p.Time, a.Step) > floor(now-a.Retention(), a.Step)
					if reaches && finest < 0 {
						finest = j
					}
					kept = kept || a.Step == source.Step && slices.Contains(resampled[j], p)
				}
				switch {
				case finest < 0:
					want.dropped++
				case !kept && to.Archives[finest].Step > source.Step:
					want.rolledUp++
					fallthrough
				case !kept && to.Archives[finest].Step == source.Step:
					// At least a rollup must include it.
					t0 := floor(p.Time, to.Archives[finest].Step)
					if rest := since(resampled[finest], t0); len(rest) == 0 || rest[0].Time != t0 {
						t.Fatalf("seed %d: %v -> %v: %v of archive %d left nothing in archive %d", seed, old.layout.Archives, to.Archives, p, i, finest)
					}
				case !kept:
					// A finer archive must hold it, or finer points of that time.
					a := to.Archives[finest]
					t0 := floor(p.Time, a.Step)
					if rest := since(resampled[finest], t0); len(rest) == 0 || rest[0].Time >= p.Time+source.Step {
						t.Fatalf("seed %d: nothing covers %v", seed, p)
					}
				}
			}
		}
		if got := countLosses(old, to, now); got != want {
			t.Fatalf("seed %d: %v -> %v: counted %+v, want %+v", seed, old.layout.Archives, to.Archives, got, want)
		}
		// Resampling to the same layout changes nothing.
		again := content{to, resampled}
		if twice := resample(again, to, now); len(to.Archives) == 1 && !slices.Equal(twice[0], resampled[0]) {
			t.Fatalf("seed %d: a second resampling differs", seed)
		}
	}
}
