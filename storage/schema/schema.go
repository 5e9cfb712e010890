// Package schema decides how long a metric is kept, at what resolution, and how
// it is rolled up: carbon's storage-schemas.conf and storage-aggregation.conf,
// with carbon's meaning.
//
// In both files the first section whose pattern is found anywhere in the name
// decides, tags included. Patterns are Python's regular expressions as far as
// Go has them: no look-around and no back-references.
package schema

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"carbon/aggregate"
	"carbon/codec/ini"
	"carbon/metric"
)

// What holds where no section matches, as in carbon and whisper.
const (
	DefaultAggregation  = "average"
	DefaultXFilesFactor = 0.5
)

// defaultArchives are a week of minutes.
var defaultArchives = []metric.Archive{{Step: 60, Points: 7 * 24 * 60}}

// Schemas are the sections of a storage-schemas.conf that can match.
type Schemas struct {
	Sections []Schema    // in file order
	Warnings []ini.Error // they do not keep the file from being used
}

// Schema says how long the metrics are kept whose name its pattern is found in.
type Schema struct {
	Name     string
	Pattern  *regexp.Regexp
	Archives []metric.Archive // from fine to coarse; valid
}

// Aggregations are the sections of a storage-aggregation.conf that can match.
type Aggregations struct {
	Sections []Aggregation // in file order
	Warnings []ini.Error   // they do not keep the file from being used
}

// Aggregation says how the metrics are rolled up whose name its pattern is
// found in. As in carbon, what a section leaves out takes the default; later
// sections are not asked for it.
type Aggregation struct {
	Name         string
	Pattern      *regexp.Regexp
	Method       string  // one of whisper's
	XFilesFactor float64 // 0 to 1
}

// Rules are both files together. Either may be nil: then nothing matches in it.
type Rules struct {
	Schemas      *Schemas
	Aggregations *Aggregations
}

// Layout returns how a metric is to be kept. The caller must not change the
// archives, which metrics share.
func (r *Rules) Layout(name string) metric.Layout {
	l := metric.Layout{Archives: defaultArchives, Aggregation: DefaultAggregation, XFilesFactor: DefaultXFilesFactor}
	if r.Schemas != nil {
		for i := range r.Schemas.Sections {
			if s := &r.Schemas.Sections[i]; s.Pattern.MatchString(name) {
				l.Archives = s.Archives
				break
			}
		}
	}
	if r.Aggregations != nil {
		for i := range r.Aggregations.Sections {
			if a := &r.Aggregations.Sections[i]; a.Pattern.MatchString(name) {
				l.Aggregation, l.XFilesFactor = a.Method, a.XFilesFactor
				break
			}
		}
	}
	return l
}

// ParseSchemas reads a storage-schemas.conf. As in carbon, a section without
// pattern or retentions, or with archives that do not fit together, is left out
// with a warning; one that cannot be read is an error. The error is an *ini.Error,
// unless reading itself failed.
func ParseSchemas(r io.Reader) (*Schemas, error) {
	file, err := parseFile(r)
	if err != nil {
		return nil, err
	}
	var s Schemas
	for _, section := range file.Sections {
		w := warner{&s.Warnings, section.Name}
		retentions, ok := section.Key("retentions")
		if !ok {
			w.warn(section.Line, "no retentions: section skipped")
			continue
		}
		archives, oddities, err := parseArchives(retentions.Value)
		if err != nil {
			return nil, &ini.Error{Line: retentions.Line, Reason: fmt.Sprintf("[%s] retentions: %v", section.Name, err)}
		}
		pattern, ok, err := sectionPattern(section, w)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		for _, oddity := range oddities {
			w.warn(retentions.Line, "retentions: %s", oddity)
		}
		if priority, ok := section.Key("priority"); ok {
			w.warn(priority.Line, "priority has no meaning, as in carbon: the first section that matches decides")
		}
		if err := Validate(archives); err != nil {
			w.warn(retentions.Line, "retentions: %v: section skipped", err)
			continue
		}
		s.Sections = append(s.Sections, Schema{Name: section.Name, Pattern: pattern, Archives: archives})
	}
	return &s, nil
}

// ParseAggregation reads a storage-aggregation.conf. As in carbon, a section
// without a pattern, or with an xFilesFactor that is no number, is left out with
// a warning; an xFilesFactor outside 0 to 1 and an unknown method are errors.
// The error is an *ini.Error, unless reading itself failed.
func ParseAggregation(r io.Reader) (*Aggregations, error) {
	file, err := parseFile(r)
	if err != nil {
		return nil, err
	}
	var a Aggregations
	for _, section := range file.Sections {
		w := warner{&a.Warnings, section.Name}
		parsed := Aggregation{Name: section.Name, Method: DefaultAggregation, XFilesFactor: DefaultXFilesFactor}
		if k, ok := section.Key("xfilesfactor"); ok {
			v, err := strconv.ParseFloat(k.Value, 64)
			if err != nil && !errors.Is(err, strconv.ErrRange) {
				w.warn(k.Line, "xFilesFactor %q is not a number: section skipped", k.Value)
				continue
			}
			if !(v >= 0 && v <= 1) {
				return nil, &ini.Error{Line: k.Line, Reason: fmt.Sprintf("[%s] xFilesFactor %s is not in 0 to 1", section.Name, k.Value)}
			}
			parsed.XFilesFactor = v
		}
		if k, ok := section.Key("aggregationmethod"); ok {
			if _, known := aggregate.MethodID(k.Value); !known {
				return nil, &ini.Error{Line: k.Line, Reason: fmt.Sprintf("[%s] unknown aggregationMethod %q", section.Name, k.Value)}
			}
			parsed.Method = k.Value
		}
		pattern, ok, err := sectionPattern(section, w)
		if err != nil {
			return nil, err
		}
		if ok {
			parsed.Pattern = pattern
			a.Sections = append(a.Sections, parsed)
		}
	}
	return &a, nil
}

// parseFile reads a file in the dialect that carbon has its rule files in.
func parseFile(r io.Reader) (*ini.File, error) {
	return ini.Parse(r, ini.Options{Interpolation: true})
}

// sectionPattern compiles the pattern of a section; ok is false, and a warning
// says so, if there is none.
func sectionPattern(section ini.Section, w warner) (pattern *regexp.Regexp, ok bool, err error) {
	k, _ := section.Key("pattern")
	if k.Value == "" {
		w.warn(section.Line, "no pattern: section skipped")
		return nil, false, nil
	}
	pattern, err = compilePattern(k.Value)
	if err != nil {
		return nil, false, &ini.Error{Line: k.Line, Reason: fmt.Sprintf("[%s] pattern: %s", section.Name, strings.TrimPrefix(err.Error(), "error parsing regexp: "))}
	}
	return pattern, true, nil
}

// warner adds warnings about one section.
type warner struct {
	to      *[]ini.Error
	section string
}

func (w warner) warn(line int, format string, args ...any) {
	*w.to = append(*w.to, ini.Error{Line: line, Reason: fmt.Sprintf("[%s] ", w.section) + fmt.Sprintf(format, args...)})
}
