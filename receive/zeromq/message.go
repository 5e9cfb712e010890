package zeromq

import (
	"carbon/metric"
	"carbon/receive/metricstalk"
	"carbon/receive/zibrato"
)

// Formats of messages.
const (
	Auto    = "auto"    // recognized by their content
	JSON    = "json"    // of metrics_talk, may be compressed
	Lines   = "lines"   // plaintext lines
	Zibrato = "zibrato" // level|type|name|value|time|source
)

// read adds the datapoints of a message to the batch. The last frame is the message;
// those before it are topics.
func (r *Receiver) read(frames [][]byte, batch *metric.Batch) (err error) {
	message := frames[len(frames)-1]
	switch r.o.Format {
	case JSON:
		_, err = r.o.Messages.ReadJSON(message, batch)
	case Lines:
		_, err = r.o.Messages.ReadLines(message, batch)
	case Zibrato:
		err = r.o.Zibrato.Read(message, batch)
	default:
		if zibrato.Is(message) && !metricstalk.Is(message) {
			return r.o.Zibrato.Read(message, batch)
		}
		_, err = r.o.Messages.Read(message, batch)
	}
	return err
}

// forward forwards a message unchanged, and stores it if BrokerStore is set.
func (r *Receiver) forward(frames [][]byte, batch *metric.Batch) error {
	r.publisher.Publish(frames)
	if !r.o.BrokerStore {
		return nil
	}
	return r.o.Zibrato.Read(frames[len(frames)-1], batch)
}
