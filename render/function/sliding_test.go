package function

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestSliding compares each sliding aggregation with the aggregation of each window.
func TestSliding(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range append([]string{"diff", "multiply"}, aggFuncs...) {
		f, _ := lookupAggregation(name)
		for range 20 {
			values := make([]float64, 1+r.IntN(60))
			for i := range values {
				values[i] = math.Round(r.NormFloat64()*4) / 2
			}
			slide := sliding(name, f, values)
			for from, to := 0, 1; to <= len(values); {
				got, want := slide(from, to), f(values[from:to])
				if math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
					t.Fatalf("%s of %v: got %v, want %v", name, values[from:to], got, want)
				}
				from = min(from+r.IntN(3), to)
				to = max(to, from) + 1 + r.IntN(2)
			}
		}
	}
}

func BenchmarkSliding(b *testing.B) {
	values := make([]float64, 10_080)
	for i := range values {
		values[i] = float64(i * 7919 % 1000)
	}
	for _, name := range []string{"average", "max", "median", "stddev", "diff"} {
		for _, width := range []int{60, 1440} {
			f, _ := lookupAggregation(name)
			b.Run(fmt.Sprint(name, " of ", width), func(b *testing.B) {
				b.ReportAllocs()
				results := make([]float64, len(values)-width)
				for b.Loop() {
					moving(b.Context(), results, values, int64(width), name, f, 0)
				}
			})
		}
	}
}
