package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"carbon/metric"
	"carbon/storage"
)

// Aggregator reads and changes aggregation methods. Every storage.Aggregator implements it.
type Aggregator interface {
	Aggregation(ctx context.Context, name string) (method string, err error)
	SetAggregation(ctx context.Context, name, method string) (old string, err error)
}

// noAggregator is the Aggregator of a store without aggregation methods.
type noAggregator struct{}

func (noAggregator) Aggregation(_ context.Context, name string) (string, error) {
	return "", fmt.Errorf("%s: %w", name, storage.ErrNotFound)
}

func (n noAggregator) SetAggregation(ctx context.Context, name, _ string) (string, error) {
	return n.Aggregation(ctx, name)
}

func (s *server) metadataRoutes() []Route {
	return []Route{
		{
			Path: "/metrics/get-metadata", Methods: "GET POST", ID: "getMetadata",
			Doc: `Returns the aggregation methods of metrics: {METRIC: {"value": METHOD}}, or {"error": REASON} in place of a value.`,
			Params: []Param{
				{Name: "metric", Type: "list of string", Doc: "Names of metrics."},
				{Name: "key", Type: "string", Doc: "aggregationMethod.", Required: true},
				jsonpParam,
			},
			Answers: []string{mediaJSON},
			answer:  s.getMetadata, cors: true,
		},
		{
			Path: "/metrics/set-metadata", Methods: "GET POST", ID: "setMetadata", Right: Admin, Changes: true,
			Doc: "Changes aggregation methods: of one metric with GET, of a list with POST, as JSON or in operations.",
			Params: []Param{
				{Name: "metric", Type: "string", Doc: "Name of a metric."},
				{Name: "key", Type: "string", Doc: "aggregationMethod."},
				{Name: "value", Type: "string", Doc: "average, sum, last, max, min, avg_zero, absmax or absmin."},
				{Name: "operations", Type: "string", Doc: "A JSON list of changes."},
			},
			Example: `[{"metric":"a.b","key":"aggregationMethod","value":"sum"}]`, Answers: []string{mediaJSON},
			answer: s.setMetadata, cors: true,
		},
	}
}

// aggregationMethod is the only metadata key, as in carbon.
const aggregationMethod = "aggregationMethod"

// metadata is the answer for one metric, with carbon's field names.
type metadata struct {
	Error string `json:"error,omitempty"`
	Value string `json:"value,omitempty"`
	Old   string `json:"old_value,omitempty"`
	New   string `json:"new_value,omitempty"`
}

// getMetadata answers /metrics/get-metadata. As in graphite-web, an error of one metric
// takes the place of its value.
func (s *server) getMetadata(w http.ResponseWriter, r *http.Request, p params) error {
	key := p.get("key")
	if key == "" {
		return missing("key")
	}
	answer := map[string]metadata{}
	for _, name := range p["metric"] {
		if err := r.Context().Err(); err != nil {
			return err
		}
		method, err := s.Aggregator.Aggregation(r.Context(), canonicalIfValid(name))
		if key != aggregationMethod {
			err = unsupportedKey(key)
		}
		if err != nil {
			answer[name] = s.metadataError(r, err)
			continue
		}
		answer[name] = metadata{Value: method}
	}
	return s.answerValue(w, r, p, answer)
}

// metadataChange is an operation of /metrics/set-metadata.
type metadataChange struct {
	Metric string `json:"metric"`
	Key    string `json:"key"`
	Value  string `json:"value"`
}

// setMetadata answers /metrics/set-metadata: a GET makes one change, a POST a list of
// changes in JSON, as its body or its parameter operations.
func (s *server) setMetadata(w http.ResponseWriter, r *http.Request, p params) error {
	changes, err := metadataChanges(r, p)
	if err != nil {
		return err
	}
	answer := map[string]metadata{}
	for _, c := range changes {
		if err := r.Context().Err(); err != nil {
			return err
		}
		var old string
		err := error(unsupportedKey(c.Key))
		if c.Key == aggregationMethod {
			old, err = s.Aggregator.SetAggregation(r.Context(), canonicalIfValid(c.Metric), c.Value)
		}
		if err != nil {
			answer[c.Metric] = s.metadataError(r, err)
			continue
		}
		answer[c.Metric] = metadata{Old: old, New: c.Value}
	}
	return s.answerValue(w, r, p, answer)
}

func metadataChanges(r *http.Request, p params) (changes []metadataChange, err error) {
	if r.Method != http.MethodPost {
		for _, name := range []string{"metric", "key", "value"} {
			if p.get(name) == "" {
				return nil, missing(name)
			}
		}
		return []metadataChange{{p.get("metric"), p.get("key"), p.get("value")}}, nil
	}
	text := []byte(p.get("operations"))
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "application/json" {
		if text, err = io.ReadAll(r.Body); err != nil {
			return nil, &bodyError{err}
		}
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return nil, missing("operations")
	}
	if err := json.Unmarshal(text, &changes); err != nil {
		return nil, &paramError{"operations", string(text), "must be a list of {metric, key, value}"}
	}
	return changes, nil
}

// canonicalIfValid returns the canonical form of a metric's name. It returns an invalid
// name unchanged.
func canonicalIfValid(name string) string {
	if canonical, err := metric.CanonicalSeries(name); err == nil {
		return canonical
	}
	return name
}

type unsupportedKey string

func (k unsupportedKey) Error() string {
	return fmt.Sprintf("Unsupported metadata key %q", truncate(string(k)))
}

// metadataError returns the answer for a metric with an error. It logs internal errors.
func (s *server) metadataError(r *http.Request, err error) metadata {
	var key unsupportedKey
	if errors.As(err, &key) || errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrUnknownAggregation) || errors.Is(err, storage.ErrFixedAggregation) {
		return metadata{Error: err.Error()}
	}
	s.Logger.Error("accessing metadata failed", "id", idOf(r), "err", err)
	return metadata{Error: "internal error, request " + idOf(r)}
}
