// Package schema reads carbon's storage-schemas.conf and storage-aggregation.conf. They
// determine the retentions, the aggregation method and the xFilesFactor of new metrics.
// server/reload.go parses the files again when they change.
//
// In both files the first section applies whose pattern matches anywhere in the name of
// the metric, including tags. Patterns are Python's regular expressions, without
// look-around and back-references, which Go does not support.
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

// Defaults for metrics that match no section, as in carbon and whisper.
const (
	DefaultAggregation  = "average"
	DefaultXFilesFactor = 0.5
)

// defaultArchives hold one point per minute for a week.
var defaultArchives = []metric.Archive{{Step: 60, Points: 7 * 24 * 60}}

// Schemas are the usable sections of a storage-schemas.conf.
type Schemas struct {
	Sections []Schema    // in file order
	Warnings []ini.Error // problems that do not make the file unusable
}

// Schema holds the archives of metrics whose name matches a pattern.
type Schema struct {
	Name     string
	Pattern  *regexp.Regexp
	Archives []metric.Archive // from fine to coarse; pass Validate
}

// Aggregations are the usable sections of a storage-aggregation.conf.
type Aggregations struct {
	Sections []Aggregation // in file order
	Warnings []ini.Error   // problems that do not make the file unusable
}

// Aggregation holds the rollup settings of metrics whose name matches a pattern. As in
// carbon, a setting that a section lacks takes its default, not the value of a later
// section that matches.
type Aggregation struct {
	Name         string
	Pattern      *regexp.Regexp
	Method       string  // one of whisper's methods
	XFilesFactor float64 // 0 to 1
}

// Rules hold the content of both files. A nil file has no sections.
type Rules struct {
	Schemas      *Schemas
	Aggregations *Aggregations
}

// Layout returns the layout of a new metric. The caller must not change the archives,
// because layouts share them.
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

// ParseSchemas reads a storage-schemas.conf. As in carbon, it skips a section without
// pattern or retentions, or with archives that fail Validate, and adds a warning. Syntax
// errors in retentions or patterns are errors. The error is an *ini.Error, or a read
// error of r.
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
		archives, warnings, err := parseArchives(retentions.Value)
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
		for _, warning := range warnings {
			w.warn(retentions.Line, "retentions: %s", warning)
		}
		if priority, ok := section.Key("priority"); ok {
			w.warn(priority.Line, "priority is ignored, as in carbon: the first section that matches applies")
		}
		if err := Validate(archives); err != nil {
			w.warn(retentions.Line, "retentions: %v: section skipped", err)
			continue
		}
		s.Sections = append(s.Sections, Schema{Name: section.Name, Pattern: pattern, Archives: archives})
	}
	return &s, nil
}

// ParseAggregation reads a storage-aggregation.conf. As in carbon, it skips a section
// without a pattern, or with an xFilesFactor that is not a number, and adds a warning. An
// xFilesFactor outside 0 to 1 and an unknown method are errors. The error is an
// *ini.Error, or a read error of r.
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
				return nil, &ini.Error{Line: k.Line, Reason: fmt.Sprintf("[%s] xFilesFactor %s is not between 0 and 1", section.Name, k.Value)}
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

// parseFile parses a file as carbon does, with interpolation of %(name)s.
func parseFile(r io.Reader) (*ini.File, error) {
	return ini.Parse(r, ini.Options{Interpolation: true})
}

// sectionPattern compiles the pattern of a section. If the section has none, it adds a
// warning and returns false.
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

// warner adds warnings about a section to a list.
type warner struct {
	to      *[]ini.Error
	section string
}

func (w warner) warn(line int, format string, args ...any) {
	*w.to = append(*w.to, ini.Error{Line: line, Reason: fmt.Sprintf("[%s] ", w.section) + fmt.Sprintf(format, args...)})
}
