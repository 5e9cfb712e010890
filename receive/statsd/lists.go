package statsd

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// ParsePercentages parses percentThreshold: numbers separated by commas or white space,
// or a JSON list. As in statsd, an empty text and a single 0 mean 90.
func ParsePercentages(text string) ([]float64, error) {
	words := splitList(text)
	if len(words) == 0 || len(words) == 1 && words[0] == "0" && !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return []float64{90}, nil
	}
	percentages := make([]float64, len(words))
	for i, word := range words {
		p, err := strconv.ParseFloat(word, 64)
		if err != nil || math.IsNaN(p) || math.Abs(p) > 100 {
			return nil, fmt.Errorf("%q: want a percentage from -100 to 100", word)
		}
		percentages[i] = p
	}
	return percentages, nil
}

// FormatPercentages is the inverse of ParsePercentages.
func FormatPercentages(percentages []float64) string {
	words := make([]string, len(percentages))
	for i, p := range percentages {
		words[i] = formatNumber(p)
	}
	return strings.Join(words, ", ")
}

// ParseNames parses calculatedTimerMetrics: names separated by commas or white space, or
// a JSON list. It returns nil for an empty text.
func ParseNames(text string) []string {
	if names := splitList(text); len(names) > 0 {
		return names
	}
	return nil
}

// splitList splits a list at commas and white space, without the brackets and quotes of
// JSON and JavaScript.
func splitList(text string) []string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text = text[1 : len(text)-1]
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
	for i, word := range words {
		words[i] = strings.Trim(word, `"'`)
	}
	return words
}

// ParseHistograms parses histogram: histograms such as "render: 0.01 0.1 1 inf", one per
// line or separated by '|', where * before the colon means all timers; or as statsd has
// them, a list of objects with metric and bins.
func ParseHistograms(text string) ([]Histogram, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "[") {
		return parseObjects(text)
	}
	var all []Histogram
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '|' }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, limits, ok := strings.Cut(part, ":")
		if !ok {
			return nil, fmt.Errorf("%q: want METRIC: LIMIT LIMIT …", part)
		}
		h := Histogram{Metric: strings.TrimSpace(name)}
		if h.Metric == "*" {
			h.Metric = ""
		}
		for _, word := range splitList(limits) {
			if err := h.add(word); err != nil {
				return nil, err
			}
		}
		all = append(all, h)
	}
	return all, nil
}

// add parses the limit of a bin.
func (h *Histogram) add(word string) error {
	limit := math.Inf(1)
	if word != "inf" {
		var err error
		if limit, err = strconv.ParseFloat(word, 64); err != nil || math.IsNaN(limit) || math.IsInf(limit, 0) {
			return fmt.Errorf("%q: want a number or inf as the limit of a bin", word)
		}
	}
	if n := len(h.Bins); n > 0 && limit <= h.Bins[n-1] {
		return fmt.Errorf("%s: the limit of a bin must be greater than the one before", word)
	}
	h.Bins = append(h.Bins, limit)
	return nil
}

// bareKey matches a key without quotes, as in JavaScript.
var bareKey = regexp.MustCompile(`([{,]\s*)(metric|bins)\s*:`)

// parseObjects parses a list of objects in JSON or JavaScript.
func parseObjects(text string) ([]Histogram, error) {
	text = bareKey.ReplaceAllString(strings.ReplaceAll(text, "'", `"`), `$1"$2":`)
	var objects []struct {
		Metric string
		Bins   []any
	}
	if err := json.Unmarshal([]byte(text), &objects); err != nil {
		return nil, fmt.Errorf("want METRIC: LIMIT LIMIT …, or a list of objects with metric and bins: %w", err)
	}
	all := make([]Histogram, len(objects))
	for i, object := range objects {
		all[i].Metric = object.Metric
		for _, limit := range object.Bins {
			if err := all[i].add(fmt.Sprint(limit)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// FormatHistograms is the inverse of ParseHistograms, on one line.
func FormatHistograms(all []Histogram) string {
	parts := make([]string, len(all))
	for i, h := range all {
		name := h.Metric
		if name == "" {
			name = "*"
		}
		words := []string{name + ":"}
		for _, limit := range h.Bins {
			if math.IsInf(limit, 1) {
				words = append(words, "inf")
			} else {
				words = append(words, formatNumber(limit))
			}
		}
		parts[i] = strings.Join(words, " ")
	}
	return strings.Join(parts, " | ")
}
