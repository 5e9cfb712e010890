package schema

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"carbon/codec/ini"
	"carbon/metric"
)

// ParseRetentions parses a list of archives such as "10s:6h,1m:7d": the precision, which
// is the time per point, and the retention, which is a time or, without a unit, a number
// of points. It returns the archives from fine to coarse. The error is an *ini.Error for
// a syntax error or archives that fail Validate.
func ParseRetentions(s string) ([]metric.Archive, error) {
	archives, _, err := parseArchives(s)
	if err == nil {
		err = Validate(archives)
	}
	if err != nil {
		return nil, &ini.Error{Reason: err.Error()}
	}
	return archives, nil
}

// parseArchives accepts the syntax of carbon, whisper's tools and go-carbon. Where they
// disagree, it does as carbon does and returns a warning.
func parseArchives(s string) (archives []metric.Archive, warnings []string, err error) {
	for def := range strings.SplitSeq(s, ",") {
		def = strings.TrimSpace(def)
		precision, retention, ok := strings.Cut(def, ":")
		if !ok {
			return nil, nil, fmt.Errorf("%q is not precision:retention", def)
		}
		step, stepUnit, err := parseSpan(precision)
		if err != nil {
			return nil, nil, fmt.Errorf("%q: precision %w", def, err)
		}
		if step == 0 {
			return nil, nil, fmt.Errorf("%q: precision is 0", def)
		}
		points, unit, err := parseSpan(retention)
		if err != nil {
			return nil, nil, fmt.Errorf("%q: retention %w", def, err)
		}
		switch {
		case unit != "":
			points /= step // rounds down, as in carbon
		case stepUnit != "":
			warnings = append(warnings, fmt.Sprintf("%q has %d points, as in carbon; go-carbon would take %d for seconds", def, points, points))
		}
		for _, u := range []string{stepUnit, unit} {
			if len(u) > 1 {
				warnings = append(warnings, fmt.Sprintf("%q: unit %q is %q; carbon would not start", def, u, u[:1]))
			}
		}
		archives = append(archives, metric.Archive{Step: step, Points: points})
	}
	slices.SortStableFunc(archives, func(a, b metric.Archive) int { return int(a.Step - b.Step) })
	return archives, warnings, nil
}

// parseSpan parses a number with an optional unit. With a unit, n is in seconds.
func parseSpan(s string) (n int64, unit string, err error) {
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	unit = s[end:]
	n, err = strconv.ParseInt(s[:end], 10, 64)
	seconds := int64(1)
	if unit != "" {
		seconds = unitSeconds(unit)
	}
	switch {
	case end == 0 || seconds == 0:
		return 0, "", fmt.Errorf("%q is not a number with one of the units s m h d w y", s)
	case err != nil || n > math.MaxUint32/seconds:
		return 0, "", fmt.Errorf("%q is too large", s)
	}
	return n * seconds, unit, nil
}

// unitSeconds returns the length of a unit in seconds, or 0 if it is unknown. A unit is
// a letter as in carbon, a prefix of a word as in whisper's tools, or several unit letters
// as in go-carbon, of which the first counts.
func unitSeconds(unit string) int64 {
	for _, u := range []struct {
		word    string
		seconds int64
	}{
		{"seconds", 1},
		{"minutes", 60},
		{"hours", 60 * 60},
		{"days", 24 * 60 * 60},
		{"weeks", 7 * 24 * 60 * 60},
		{"years", 365 * 24 * 60 * 60},
	} {
		if unit[0] == u.word[0] && (strings.HasPrefix(u.word, unit) || strings.Trim(unit, "smhdwy") == "") {
			return u.seconds
		}
	}
	return 0
}

// Sizes of the parts of a whisper file, in bytes.
const (
	fileHeader    = 16
	archiveHeader = 12
	pointSize     = 12
)

// Validate returns an error if a whisper file cannot have these archives in this order,
// from fine to coarse. It applies whisper's rules, and the limits of the 32-bit numbers in
// the file's header.
func Validate(archives []metric.Archive) error {
	if len(archives) == 0 {
		return fmt.Errorf("no archives")
	}
	size := int64(fileHeader + archiveHeader*len(archives))
	for i, a := range archives {
		switch {
		case a.Step < 1 || a.Points < 1:
			return fmt.Errorf("archive %s has no points", describe(a))
		case a.Step > math.MaxUint32 || a.Points > math.MaxUint32/a.Step:
			return fmt.Errorf("archive %s reaches back more than %d seconds", describe(a), uint32(math.MaxUint32))
		case size > math.MaxUint32:
			return fmt.Errorf("archive %s would begin beyond 4 GiB in its file", describe(a))
		}
		size += pointSize * a.Points
		if i == 0 {
			continue
		}
		switch finer := archives[i-1]; {
		case a.Step < finer.Step:
			return fmt.Errorf("archive %s comes after the coarser archive %s", describe(a), describe(finer))
		case a.Step == finer.Step:
			return fmt.Errorf("archives %s and %s have the same precision", describe(finer), describe(a))
		case a.Step%finer.Step != 0:
			return fmt.Errorf("the precision of archive %s does not divide that of %s", describe(finer), describe(a))
		case a.Retention() <= finer.Retention():
			return fmt.Errorf("archive %s reaches back no further than %s", describe(a), describe(finer))
		case finer.Points < a.Step/finer.Step:
			return fmt.Errorf("archive %s has too few points for one of %s", describe(finer), describe(a))
		}
	}
	return nil
}

// describe formats an archive as precision:points, both without units.
func describe(a metric.Archive) string { return fmt.Sprintf("%d:%d", a.Step, a.Points) }
