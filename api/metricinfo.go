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

// metricInfo is a MetricsInfoResponse. Its JSON follows Protocol Buffers: integers of 64
// bits are strings, and zeros are left out.
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

// info answers /info as go-carbon does: it describes the metrics that target names, or
// in version 3 of the messages a MultiMetricsInfoRequest. In version 2 it describes one
// metric. If any metric is unknown, the answer is an error.
func (s *server) info(w http.ResponseWriter, r *http.Request, p params) error {
	version, err := listFormat(r, p)
	if err != nil {
		return err
	}
	names := p["target"]
	if version == 3 {
		var g globRequest // a MultiMetricsInfoRequest has names in place of patterns
		if err := readFields(r, g.read); err != nil {
			return err
		}
		if len(g.patterns) > 0 {
			names = g.patterns
		}
	}
	if len(names) == 0 {
		return missing("target")
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

// append appends a MetricsInfoResponse, or an InfoResponse of version 2, which differs
// only in its integers of 32 bits.
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

// infoOf describes a metric. As in go-carbon, the aggregation method is capitalized.
func (s *server) infoOf(ctx context.Context, name string) (m metricInfo, err error) {
	if err := ctx.Err(); err != nil {
		return m, err
	}
	canonical := canonicalIfValid(name)
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

// listFormat returns the version of messages that a request asks for, or 0 for JSON.
func listFormat(r *http.Request, p params) (version int, err error) {
	if version = messageVersion(r, p); version != 0 {
		return version, nil
	}
	if f := p.get("format"); f != "" && f != "json" {
		return 0, &paramError{"format", f, "must be json, carbonapi_v2_pb or carbonapi_v3_pb"}
	}
	return 0, nil
}
