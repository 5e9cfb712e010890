package ingest

import (
	"fmt"
	"math"
	"slices"

	"carbon/metric"
)

// op is a point that was accepted, or its deletion.
type op struct {
	slot
	connection
	value  float64 // tells its place in the order of all ops
	kept   bool    // it survives the end of the process
	synced bool    // and a power cut
	gone   bool    // it did not survive

	// A deletion deletes all earlier points.
	deletion bool
	perhaps  bool // it need not be there: it was deleted, or is a deletion that failed
}

// connection of a sender. It ends with the process.
type connection struct{ sender, life int }

// knowledge is what must survive.
type knowledge struct {
	s       *simulation
	life    int
	last    float64 // value
	ops     []*op   // by value, those that were taken
	bySlot  map[slot][]*op
	slots   []slot // in the order they came
	sending []*op

	// Of each connection a prefix of the accepted points survives, unless the power
	// failed, or points were stored while the log could not be written.
	powerCut, unordered bool
	impaired            bool // unordered, if this life crashes
	verified            bool // in this life
}

func newKnowledge(s *simulation) *knowledge {
	return &knowledge{s: s, bySlot: make(map[slot][]*op)}
}

// begin notes the start of a process.
func (k *knowledge) begin() {
	k.life++
	k.verified, k.impaired = false, false
}

// send returns points for a sender to send.
func (k *knowledge) send() (points []metric.Datapoint) {
	rng := k.s.rng
	k.sending = k.sending[:0]
	sender, first := rng.IntN(simSenders), rng.IntN(2*simMetrics)
	for i := range 1 + rng.IntN(8) {
		m := (first + i) % (2 * simMetrics)
		name := fmt.Sprintf("shared.metric%d", m)
		if m < simMetrics {
			name = fmt.Sprintf("sender%d.metric%d", sender, m)
		}
		k.last++
		o := &op{slot: slot{name, simStart + 60*rng.Int64N(15)}, connection: connection{sender, k.life}, value: k.last}
		k.sending = append(k.sending, o)
		points = append(points, simPoint(*o))
	}
	return points
}

// sent notes whether these points were accepted.
func (k *knowledge) sent(taken bool) {
	always := k.s.p.o.SyncInterval == 0
	if o := k.sending[len(k.sending)-1]; !taken && always {
		// They may have been accepted and not synced.
		v, _ := k.s.visible(o.name, o.time)
		taken, always = v == o.value, false
	}
	if !taken {
		return
	}
	for _, o := range k.sending {
		o.kept, o.synced = always, always
		k.ops = append(k.ops, o)
		if len(k.bySlot[o.slot]) == 0 {
			k.slots = append(k.slots, o.slot)
		}
		k.bySlot[o.slot] = append(k.bySlot[o.slot], o)
	}
}

// flushed notes that all points accepted in this life survive its end.
func (k *knowledge) flushed() {
	for i := len(k.ops) - 1; i >= 0 && k.ops[i].life == k.life && !k.ops[i].kept; i-- {
		k.ops[i].kept = true
	}
}

// synced notes that they survive a power cut, too.
func (k *knowledge) synced() {
	for i := len(k.ops) - 1; i >= 0 && k.ops[i].life == k.life && !k.ops[i].synced; i-- {
		k.ops[i].kept, k.ops[i].synced = true, true
	}
}

// deleted notes that metrics were deleted, or may have been.
func (k *knowledge) deleted(names []string, perhaps bool) {
	k.last++
	for _, at := range k.slots {
		if !slices.Contains(names, at.name) {
			continue
		}
		for _, o := range k.bySlot[at] {
			o.doubt(perhaps)
		}
		o := &op{slot: at, connection: connection{-1, k.life}, value: k.last, kept: !perhaps, deletion: true, perhaps: perhaps}
		k.ops = append(k.ops, o)
		k.bySlot[at] = append(k.bySlot[at], o)
	}
}

// undeleted notes that the store failed to delete metrics. If this happens during a
// replay, only the next replay tries again.
func (k *knowledge) undeleted(names []string) {
	for _, o := range k.ops {
		if slices.Contains(names, o.name) {
			o.doubt(true)
		}
	}
}

// doubt notes that the point need not survive. After a deletion that was interrupted,
// the store may show a value that an older pending point had hidden.
func (o *op) doubt(shown bool) {
	o.perhaps = true
	o.gone = o.gone && !shown
}

func (k *knowledge) crash(power bool) {
	k.powerCut = k.powerCut || power
	k.unordered = k.unordered || k.impaired
	for _, o := range k.ops {
		if power {
			o.kept = o.synced
		}
	}
}

// look compares what a reader sees with the points accepted in this life; after the
// replay, with all accepted points.
func (k *knowledge) look() {
	for _, at := range k.slots {
		v, _ := k.s.visible(at.name, at.time)
		for _, o := range slices.Backward(k.bySlot[at]) {
			switch {
			case o.gone:
				continue
			case o.life != k.life && !k.verified:
			case o.perhaps && (v == 0 || v == o.value):
			case o.perhaps:
				continue
			case o.deletion && v != 0:
				k.s.fail("%s at %d is %v, but it was deleted", at.name, at.time, v)
			case !o.deletion && v != o.value:
				k.s.fail("%s at %d is %v, not %v", at.name, at.time, v, o.value)
			}
			break
		}
	}
}

// stored notes that everything is in the store, durably.
func (k *knowledge) stored() {
	for _, o := range k.ops {
		o.kept, o.synced = true, true
	}
}

// verify compares what survived the last crashes with what must survive.
func (k *knowledge) verify() {
	seen := make(map[slot]float64)       // the last op of it that may have survived
	last := make(map[connection]float64) // that survived
	for _, at := range k.slots {
		v, _ := k.s.visible(at.name, at.time)
		least, known := 0.0, v == 0
		ops := k.bySlot[at]
		hidden := (k.powerCut || k.unordered) && ops[len(ops)-1].life == k.life
		for _, o := range ops {
			if hidden && o.life != k.life && !o.kept {
				o.perhaps = true // it cannot be seen whether it was lost
			}
			if o.gone {
				continue
			}
			if !o.perhaps && (o.life == k.life || o.kept) {
				least = o.value
			}
			if o.deletion == (v == 0) && (v == 0 || o.value == v) {
				known, seen[at] = true, o.value
				if o.life != k.life && !o.deletion {
					o.kept = true
					last[o.connection] = max(last[o.connection], v)
				}
			}
		}
		if !known && least == 0 && k.powerCut && k.s.real {
			// The point was half written when the power failed, and the log was not
			// synced yet.
			seen[at] = math.Inf(1)
			for _, o := range ops {
				o.doubt(true)
			}
		} else if !known {
			k.s.fail("%s at %d is %v, which nobody sent, or which was lost before", at.name, at.time, v)
		} else if seen[at] < least {
			k.s.fail("%s at %d is %v, but %v was safe", at.name, at.time, v, least)
		}
	}
	for _, o := range k.ops {
		if o.gone || o.value <= seen[o.slot] {
			continue
		}
		if !o.perhaps && o.value < last[o.connection] && !k.powerCut && !k.unordered {
			k.s.fail("%s at %d: %v of connection %v is lost, but its %v is not", o.name, o.time, o.value, o.connection, last[o.connection])
		}
		o.gone = true
	}
	k.verified, k.powerCut, k.unordered = true, false, false
}
