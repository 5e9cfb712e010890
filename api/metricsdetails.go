package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"carbon/codec/protobuf"
	"carbon/storage"
)

// noMeasurer is the Measurer of a store that does not know the sizes of metrics.
type noMeasurer struct{}

func (noMeasurer) Measure(string) (storage.Usage, error) { return storage.Usage{}, storage.ErrNotFound }
func (noMeasurer) Space() (free, total int64, err error) { return 0, 0, nil }

// metricDetails is a metric in the answer of /metrics/details, with go-carbon's field names.
type metricDetails struct {
	Size, ModTime, ATime, RdTime, RealSize int64
	Name                                   string
}

func (s *server) detailsRoutes() []Route {
	return []Route{
		{
			Path: "/metrics/details", Methods: "GET POST", ID: "details",
			Doc:    "Lists all metrics with their sizes on disk, and the free space there, as go-carbon does.",
			Params: []Param{listFormatParam}, Answers: []string{mediaJSON, messages2, messages3},
			answer: s.details, cors: true,
		},
	}
}

// details answers /metrics/details as go-carbon does: the size on disk of each metric,
// and the space there. It leaves out metrics without stored points.
func (s *server) details(w http.ResponseWriter, r *http.Request, p params) error {
	version, names, err := s.allNames(r, p)
	if err != nil {
		return err
	}
	free, total, err := s.Measurer.Space()
	if err != nil {
		return err
	}
	noCache(w)
	if version == 0 {
		w.Header().Set("Content-Type", "application/json")
	} else {
		setMessageType(w, version)
	}
	return stream(w, func(out io.Writer) error {
		if version != 0 {
			return s.writeDetailsMessage(r.Context(), out, names, free, total)
		}
		before := `{"Metrics":[`
		err := s.measure(r.Context(), names, func(name string, u storage.Usage) error {
			item, err := json.Marshal(metricDetails{
				Size: u.Size, ModTime: u.Changed, ATime: u.Read, RealSize: u.Allocated, Name: name,
			})
			if err == nil {
				_, err = fmt.Fprintf(out, "%s%s", before, item)
			}
			before = ","
			return err
		})
		if err != nil {
			return err
		}
		if before != "," {
			io.WriteString(out, before)
		}
		_, err = fmt.Fprintf(out, `],"FreeSpace":%d,"TotalSpace":%d}`, free, total)
		return err
	})
}

// writeDetailsMessage writes a MetricDetailsResponse, in which the metrics are a map.
func (s *server) writeDetailsMessage(ctx context.Context, out io.Writer, names []string, free, total int64) error {
	err := s.measure(ctx, names, func(name string, u storage.Usage) error {
		var d []byte
		for i, v := range []int64{u.Size, u.Changed, u.Read, 0, u.Allocated} {
			d = protobuf.AppendInt(d, 2+i, v)
		}
		entry := protobuf.AppendItem(protobuf.AppendString(nil, 1, name), 2, d)
		_, err := out.Write(protobuf.AppendItem(nil, 1, entry))
		return err
	})
	if err != nil {
		return err
	}
	_, err = out.Write(protobuf.AppendInt(protobuf.AppendInt(nil, 2, free), 3, total))
	return err
}

// measure calls use with the size of each metric that is stored.
func (s *server) measure(ctx context.Context, names []string, use func(name string, u storage.Usage) error) error {
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		u, err := s.Measurer.Measure(name)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err == nil {
			err = use(name, u)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
