package tool

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"carbon/attime"
	"carbon/metric"
	"carbon/storage/schema"
)

// parse sets flags and returns the arguments besides. Flags may stand behind
// arguments and end at "--".
func parse(fs *pflag.FlagSet, args []string) (rest []string, err error) {
	fs.Usage = func() {}
	if args, err = expand(fs, args); err != nil {
		return nil, err
	}
	err = fs.Parse(args)
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		err = badUsage("%v", err)
	}
	return fs.Args(), err
}

// expand writes out flags that are abbreviated as Python's optparse allows: --agg for
// --aggregationMethod, as long as no other flag begins so.
func expand(fs *pflag.FlagSet, args []string) (full []string, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(full, args[i:]...), nil
		}
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		f := fs.Lookup(name)
		switch {
		case len(arg) < 2 || arg[0] != '-':
			full = append(full, arg)
			continue
		case f != nil && len(name) > 1:
			arg = "--" + strings.TrimLeft(arg, "-")
		case strings.HasPrefix(arg, "--") && name != "help":
			if f, err = unabbreviated(fs, name); err != nil {
				return nil, err
			}
			arg = "--" + f.Name
			if hasValue {
				arg += "=" + value
			}
		default:
			f = fs.ShorthandLookup(arg[1:2])
			hasValue = len(arg) > 2
		}
		full = append(full, arg)
		if f != nil && f.NoOptDefVal == "" && !hasValue && i+1 < len(args) {
			i++
			full = append(full, args[i])
		}
	}
	return full, nil
}

// unabbreviated returns the only flag whose name begins with prefix.
func unabbreviated(fs *pflag.FlagSet, prefix string) (found *pflag.Flag, err error) {
	var names []string
	fs.VisitAll(func(f *pflag.Flag) {
		if strings.HasPrefix(f.Name, prefix) {
			found = f
			names = append(names, "--"+f.Name)
		}
	})
	switch len(names) {
	case 0:
		return nil, badUsage("no such option: --%s", prefix)
	case 1:
		return found, nil
	}
	return nil, badUsage("ambiguous option: --%s (%s?)", prefix, strings.Join(names, ", "))
}

// options lists the flags of a command.
func options(w io.Writer, fs *pflag.FlagSet) {
	title := "\nOptions:\n"
	fs.VisitAll(func(f *pflag.Flag) {
		value, text := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.NoOptDefVal == "" {
			name += "=" + value
		}
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
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

func (v *timeValue) Type() string { return "TIME" }

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
