package pickle

import (
	"bytes"
	"encoding/binary"
	"io"

	"carbon/codec/pickle"
	"carbon/metric"
)

// WriteFrame writes datapoints as one frame. Receivers limit frames, carbon to 1 MiB;
// a datapoint takes about 30 bytes and its name.
func WriteFrame(w io.Writer, points []metric.Datapoint) error {
	const header = 4 // the length of the pickle
	var frame bytes.Buffer
	frame.Write(make([]byte, header))
	out := pickle.NewWriter(&frame)
	out.List(len(points))
	for _, p := range points {
		out.List(2)
		out.String(p.Name)
		out.List(2)
		out.Int(p.Time)
		out.Float(p.Value)
		out.EndList()
		out.EndList()
	}
	out.EndList()
	if err := out.Close(); err != nil {
		return err
	}
	b := frame.Bytes()
	binary.BigEndian.PutUint32(b, uint32(len(b)-header))
	_, err := w.Write(b)
	return err
}
