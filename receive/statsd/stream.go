package statsd

import (
	"bytes"
	"io"

	"carbon/metric"
)

const (
	// streamBuffer is how much of a stream is read at once, and so how long a line
	// may be.
	streamBuffer = 64 << 10

	// restKept is the room for an unfinished line that a stream keeps when it needs
	// less.
	restKept = 512

	// restsLimit is how many bytes the unfinished lines of all streams may take that
	// are longer.
	restsLimit = 64 << 20
)

// Read takes packets from a stream: what it holds up to its last newline, each time
// some of it has come. What follows the last newline of all does not count, as in
// statsd. It is a receive.Format that pushes nothing itself.
func (a *Aggregator) Read(r io.Reader, _ func([]metric.Datapoint) error) error {
	waiter, _ := r.(interface{ Wait() error })
	var rest []byte  // the unfinished line
	tooLong := false // it is, and nothing of it is kept
	held := 0        // bytes of a.rests that are for it
	defer func() { a.rests.Add(int64(-held)) }()
	for idle := 0; idle < 100; {
		if waiter != nil {
			if err := waiter.Wait(); err != nil {
				return endOf(err)
			}
		}
		buffer := a.buffers.Get().(*[streamBuffer]byte)
		old := copy(buffer[:], rest)
		n, err := r.Read(buffer[old:])
		data := buffer[:old+n]
		if tooLong {
			end := bytes.IndexByte(data, '\n') + 1
			data, tooLong = data[end:], end == 0
			if tooLong {
				data = nil
			}
		}
		if end := bytes.LastIndexByte(data, '\n') + 1; end > 0 {
			a.Packets([][]byte{data[:end]})
			data = data[end:]
		}
		if len(data) == streamBuffer {
			a.tell(TooLong, data)
			data, tooLong = nil, true
		}
		if !a.hold(&held, len(data)) {
			a.tell(Full, data)
			data, tooLong = nil, true
			a.hold(&held, 0)
		}
		if len(data) <= restKept && cap(rest) > restKept {
			rest = nil
		}
		rest = append(rest[:0], data...)
		a.buffers.Put(buffer)
		if err != nil {
			return endOf(err)
		}
		if idle++; n > 0 {
			idle = 0
		}
	}
	return io.ErrNoProgress
}

// hold changes how much a stream holds of an unfinished line. False: all of them would
// hold too much.
func (a *Aggregator) hold(held *int, n int) bool {
	if n <= restKept {
		n = 0
	}
	if all := a.rests.Add(int64(n - *held)); all > restsLimit && n > *held {
		a.rests.Add(int64(*held - n))
		return false
	}
	*held = n
	return true
}

// endOf is nil for the end of a stream.
func endOf(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// tell counts what is refused outside of Packets.
func (a *Aggregator) tell(reason string, element []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse(reason, element)
}
