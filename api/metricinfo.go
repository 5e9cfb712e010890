package api

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"

	"carbon/codec/protobuf"
	"carbon/metric"
	"carbon/storage"
)

// metricInfo is a MetricsInfoResponse. Its JSON is that of protobuf, where numbers of 64
// bits are text and zeros are left out.
type metricInfo struct {
	Name              string          `json:"name,omitempty"`
	ConsolidationFunc string          `json:"consolidationFunc,omitempty"`
	XFilesFactor      float32         `json:"xFilesFactor,omitempty"`
	MaxRetention      int64           `json:"maxRetention,omitempty,string"`
	Retentions        []retentionInfo `json:"retentions,omitempty"`
}

type retentionInfo struct {
	SecondsPerPoint int64 `json:"secondsPerPoint,omitempty,string"`
	NumberOfPoints  int64 `json:"numberOfPoints,omitempty,string"`
}

func (s *server) infoRoutes() []Route {
	return []Route{
		{
			Path: "/info", Methods: "GET POST", ID: "info", Doc: "Returns retentions, aggregation method and xFilesFactor of metrics, as go-carbon does.",
			Params:  []Param{{Name: "target", Type: "list of string", Doc: "Names of metrics.", Required: true}, listFormatParam},
			Answers: []string{mediaJSON, messages2, messages3},
			answer:  s.info, cors: true,
		},
	}
}

// info answers /info as go-carbon does: how the metrics named by target are kept,
// or by a MultiMetricsInfoRequest in version 3 of the messages. Version 2 knows of
// one metric. If any is unknown, nothing is told of the others.
func (s *server) info(w http.ResponseWriter, r *http.Request, p params) error {
	version, err := listFormat(r, p)
	if err != nil {
		return err
	}
	names := p["target"]
	if version == 3 {
		var g globRequest // its names stand where patterns do
		if err := readFields(r, g.read); err != nil {
			return err
		}
		if len(g.patterns) > 0 {
			names = g.patterns
		}
	}
	if len(names) == 0 {
		return &paramError{"target", "", "missing"}
	}
	if version == 2 {
		names = names[:1]
	}
	var answer struct {
		Metrics []metricInfo `json:"metrics,omitempty"`
	}
	for _, name := range names {
		m, err := s.infoOf(r.Context(), name)
		if err != nil {
			return err
		}
		answer.Metrics = append(answer.Metrics, m)
	}
	if version == 0 {
		body, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		return s.answerJSON(w, r, p, func(b []byte) []byte { return append(b, body...) })
	}
	var body []byte
	for _, m := range answer.Metrics {
		if version == 2 {
			body = m.append(body)
		} else {
			body = protobuf.AppendItem(body, 1, m.append(nil))
		}
	}
	setMessageType(w, version)
	_, err = w.Write(body)
	return err
}

// append appends a MetricsInfoResponse, or an InfoResponse of version 2, which is
// written alike but has numbers of 32 bits.
func (m *metricInfo) append(b []byte) []byte {
	b = protobuf.AppendString(b, 1, m.Name)
	b = protobuf.AppendString(b, 2, m.ConsolidationFunc)
	b = protobuf.AppendInt(b, 3, min(m.MaxRetention, math.MaxInt32))
	b = protobuf.AppendFloat(b, 4, m.XFilesFactor)
	for _, a := range m.Retentions {
		retention := protobuf.AppendInt(nil, 1, a.SecondsPerPoint)
		b = protobuf.AppendItem(b, 5, protobuf.AppendInt(retention, 2, a.NumberOfPoints))
	}
	return b
}

// infoOf tells how a metric is kept, with its method in capitals as go-carbon has it.
func (s *server) infoOf(ctx context.Context, name string) (m metricInfo, err error) {
	if err := ctx.Err(); err != nil {
		return m, err
	}
	canonical := canonicalOr(name)
	pattern := canonical
	if !metric.IsTagged(canonical) {
		pattern = escapeGlob(canonical)
	}
	found, err := s.paths(ctx, pattern, true)
	if err != nil {
		return m, err
	}
	if len(found) != 1 || s.Describer == nil {
		return m, fmt.Errorf("%s: %w", truncate(name), storage.ErrNotFound)
	}
	l, err := s.Describer.Describe(found[0])
	if err != nil {
		return m, err
	}
	m = metricInfo{Name: name, XFilesFactor: float32(l.XFilesFactor)}
	if l.Aggregation != "" {
		m.ConsolidationFunc = strings.ToUpper(l.Aggregation[:1]) + l.Aggregation[1:]
	}
	for _, a := range l.Archives {
		m.MaxRetention = max(m.MaxRetention, a.Retention())
		m.Retentions = append(m.Retentions, retentionInfo{a.Step, a.Points})
	}
	return m, nil
}

// listFormat is the version of messages that a request asks for; 0 is JSON.
func listFormat(r *http.Request, p params) (version int, err error) {
	if version = messageVersion(r, p); version != 0 {
		return version, nil
	}
	if f := p.get("format"); f != "" && f != "json" {
		return 0, &paramError{"format", f, "not a format here; there are json, carbonapi_v2_pb and carbonapi_v3_pb"}
	}
	return 0, nil
}
