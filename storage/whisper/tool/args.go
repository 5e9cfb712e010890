package tool

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"carbon/attime"
	"carbon/metric"
	"carbon/storage/schema"
)

// parse sets options and returns the arguments besides, as Python's optparse
// would: options may stand behind arguments, may be shortened as long as they
// are unmistakable, and end at "--".
func parse(fs *flag.FlagSet, args []string) (rest []string, err error) {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	for len(args) > 0 {
		arg := args[0]
		if arg == "--" {
			return append(rest, args[1:]...), nil
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest, args = append(rest, arg), args[1:]
			continue
		}
		head, err := expand(fs, arg)
		if err != nil {
			return nil, err
		}
		args = append(head, args[1:]...)
		// The flag set takes one option, and its value if that stands apart.
		n := 1
		if f := fs.Lookup(strings.TrimLeft(args[0], "-")); f != nil && !isBool(f) {
			n = min(2, len(args))
		}
		if err := fs.Parse(args[:n]); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, badUsage("%v", err)
		}
		args = args[n:]
	}
	return rest, nil
}

// expand writes an option out that is short for another: --agg for
// --aggregationMethod, -tVALUE for -t VALUE.
func expand(fs *flag.FlagSet, arg string) ([]string, error) {
	dashes := arg[:len(arg)-len(strings.TrimLeft(arg, "-"))]
	name, value, hasValue := strings.Cut(arg[len(dashes):], "=")
	if fs.Lookup(name) != nil || name == "h" || name == "help" {
		return []string{arg}, nil
	}
	if f := fs.Lookup(name[:min(1, len(name))]); f != nil && dashes == "-" && !isBool(f) {
		return []string{"-" + f.Name, arg[2:]}, nil
	}
	var fits []string
	fs.VisitAll(func(f *flag.Flag) {
		if dashes == "--" && len(f.Name) > 1 && strings.HasPrefix(f.Name, name) {
			fits = append(fits, "--"+f.Name)
		}
	})
	switch {
	case len(fits) == 0:
		return nil, badUsage("no such option: %s%s", dashes, name)
	case len(fits) > 1:
		return nil, badUsage("ambiguous option: %s%s (%s?)", dashes, name, strings.Join(fits, ", "))
	case hasValue:
		return []string{fits[0] + "=" + value}, nil
	}
	return fits, nil
}

func isBool(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// options lists what a command can be told.
func options(w io.Writer, fs *flag.FlagSet) {
	title := "\nOptions:\n"
	fs.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		name := "--" + f.Name
		if len(f.Name) == 1 {
			name = "-" + f.Name
		}
		switch {
		case isBool(f):
		case len(f.Name) == 1:
			name += " " + value
		default:
			name += "=" + value
		}
		fmt.Fprintf(w, "%s  %-24s  %s\n", title, name, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 28)))
		title = ""
	})
}

// timeValue is an option that is a time: unix seconds, or what render's from and
// until may be.
type timeValue struct {
	now func() time.Time
	at  int64
	set bool
}

func (v *timeValue) String() string { return "" }

func (v *timeValue) Set(s string) error {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		v.at, v.set = n, true
		return nil
	}
	t, err := attime.Parse(s, v.now())
	if err != nil {
		return err
	}
	v.at, v.set = t.Unix(), true
	return nil
}

// or returns the time, or another if none was given.
func (v *timeValue) or(other int64) int64 {
	if v.set {
		return v.at
	}
	return other
}

// retentions reads the retentions of a command line: each argument one, or
// several with commas. They are returned from fine to coarse; that they fit
// together is not checked.
func retentions(args []string) ([]metric.Archive, error) {
	var archives []metric.Archive
	for _, def := range strings.Split(strings.Join(args, ","), ",") {
		one, err := schema.ParseRetentions(def)
		if err != nil {
			return nil, badUsage("invalid retention: %v", err)
		}
		archives = append(archives, one...)
	}
	return archives, nil
}

// point reads TIMESTAMP:VALUE. The timestamp N means now. A fraction of a second
// is cut off.
func point(s string, now int64) (metric.Point, error) {
	t, v, ok := strings.Cut(strings.TrimSpace(s), ":")
	if !ok {
		return metric.Point{}, fmt.Errorf("%q: want TIMESTAMP:VALUE", s)
	}
	p := metric.Point{Time: now}
	if t != "N" {
		at, err := strconv.ParseFloat(t, 64)
		if err != nil || !(at >= 0 && at < 1<<32) {
			return metric.Point{}, fmt.Errorf("%q: %q is not a unix timestamp", s, t)
		}
		p.Time = int64(at)
	}
	value, err := strconv.ParseFloat(v, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return metric.Point{}, fmt.Errorf("%q: %q is not a number", s, v)
	}
	p.Value = value
	return p, nil
}
