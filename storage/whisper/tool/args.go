package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/itchyny/timefmt-go"
	"github.com/spf13/pflag"

	"carbon/attime"
	"carbon/metric"
	"carbon/storage/schema"
)

// ChoicesAnnotation is the key of the flag annotation that lists the valid values.
const ChoicesAnnotation = "choices"

// methodFlag declares --aggregationMethod with a default value; note is appended to
// its usage text.
func methodFlag(fs *pflag.FlagSet, method *string, value, note string) {
	const name = "aggregationMethod"
	fs.StringVar(method, name, value, "`METHOD`: how points are rolled up: "+strings.Join(methods(), ", ")+note)
	fs.SetAnnotation(name, ChoicesAnnotation, methods())
}

// timeValue is the value of a flag that takes a time: unix seconds, or any time that
// render's from and until accept.
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

// orDefault returns the time, or a default if the flag was not given.
func (v *timeValue) orDefault(t int64) int64 {
	if v.set {
		return v.at
	}
	return t
}

// timeFormat is how times are printed: in unix seconds, or as --pretty and
// --time-format say.
type timeFormat struct {
	pretty bool
	layout string // for strftime; empty: ctime
	zone   *time.Location
}

// timeFormatFlags declares --pretty and --time-format.
func timeFormatFlags(env *Env, fs *pflag.FlagSet) *timeFormat {
	t := &timeFormat{zone: env.Now().Location()}
	fs.BoolVar(&t.pretty, "pretty", false, "print times as dates")
	fs.StringVarP(&t.layout, "time-format", "t", "", "`FORMAT`: with --pretty, the format of times, as for strftime")
	return t
}

func (t *timeFormat) text(at int64) string {
	switch {
	case !t.pretty:
		return fmt.Sprint(at)
	case t.layout != "":
		return timefmt.Format(time.Unix(at, 0).In(t.zone), t.layout)
	}
	return time.Unix(at, 0).In(t.zone).Format(ctime)
}

// ctime is the layout of Python's time.ctime.
const ctime = "Mon Jan _2 15:04:05 2006"

// parseRetentions parses arguments that each hold one retention, or several
// separated by commas. It keeps their order and does not check that the archives
// fit together.
func parseRetentions(args []string) ([]metric.Archive, error) {
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

// parsePoint parses TIMESTAMP:VALUE. The timestamp N means now. Fractions of a
// second are dropped.
func parsePoint(s string, now int64) (metric.Point, error) {
	t, v, ok := strings.Cut(strings.TrimSpace(s), ":")
	if !ok {
		return metric.Point{}, fmt.Errorf("%q: want TIMESTAMP:VALUE", s)
	}
	p := metric.Point{Time: now}
	if t != "N" {
		at, err := strconv.ParseFloat(t, 64)
		if err != nil || !(at >= 0 && at < 1<<32) {
			return metric.Point{}, fmt.Errorf("%q: timestamp %q is neither a unix time nor N", s, t)
		}
		p.Time = int64(at)
	}
	value, err := strconv.ParseFloat(v, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return metric.Point{}, fmt.Errorf("%q: value %q is not a number", s, v)
	}
	p.Value = value
	return p, nil
}
