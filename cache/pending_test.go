package cache

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"carbon/codec/compact"
	"carbon/metric"
)

func TestNoPointBeginsAsARestart(t *testing.T) {
	if _, _, n := compact.Point(slices.Repeat([]byte{restart}, compact.MaxPoint)); n != 0 {
		t.Errorf("a restart is a point of %d bytes", n)
	}
}

// TestPendingPointsAreCutAndJoined cuts and joins random lists, and compares every point bit by bit.
func TestPendingPointsAreCutAndJoined(t *testing.T) {
	values := []float64{0, 1, 12.34, 1.0 / 3, math.Inf(1), math.NaN(), math.Copysign(0, -1), math.MaxFloat64}
	rnd := rand.New(rand.NewPCG(1, 2))
	var m bufferPool
	for range 3000 {
		var p pendingPoints
		var want []metric.Point
		grow := func(p *pendingPoints) (added []metric.Point) {
			for range 1 + rnd.IntN(60) {
				point := metric.Point{Time: 1700000000 + rnd.Int64N(1000), Value: values[rnd.IntN(len(values))]}
				if rnd.IntN(10) == 0 {
					point.Time = rnd.Int64N(2*timeBound) - timeBound
				}
				m.add(p, point.Time, point.Value)
				added = append(added, point)
			}
			return added
		}
		for range 10 {
			switch n := rnd.IntN(3); {
			case n == 0:
				want = append(want, grow(&p)...)
			case n == 1:
				var first pendingPoints
				want = append(grow(&first), want...)
				p = m.join(first, p)
			case p.n > 1:
				n := 1 + rnd.IntN(int(p.n)-1)
				if got := m.cut(&p, n, new(scratch)); !slices.EqualFunc(got, want[:n], same) {
					t.Fatalf("cut off %v, want %v", got, want[:n])
				}
				want = want[n:]
			}
			got := decode(nil, m.bytes(nil, &p))
			if !slices.EqualFunc(got, want, same) || int(p.n) != len(want) {
				t.Fatalf("the list has %d points: %v, want %v", p.n, got, want)
			}
		}
		m.release(&p)
	}
	if n := m.used(); n != 0 {
		t.Errorf("%d buffers are not released", n)
	}
}

func same(a, b metric.Point) bool {
	return a.Time == b.Time && math.Float64bits(a.Value) == math.Float64bits(b.Value)
}
