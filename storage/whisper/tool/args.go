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

// ChoicesAnnotation annotates a flag with the values that it can have.
const ChoicesAnnotation = "choices"

// methodFlag declares --aggregationMethod; note ends its usage text.
func methodFlag(fs *pflag.FlagSet, method *string, value, note string) {
	const name = "aggregationMethod"
	fs.StringVar(method, name, value, "`METHOD`: how points are rolled up: "+strings.Join(methods(), ", ")+note)
	fs.SetAnnotation(name, ChoicesAnnotation, methods())
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

// timeText is how --pretty and --time-format show a time; otherwise it is a number.
type timeText struct {
	pretty bool
	format string
	zone   *time.Location
}

func timeOptions(env *Env, fs *pflag.FlagSet) *timeText {
	t := &timeText{zone: env.Now().Location()}
	fs.BoolVar(&t.pretty, "pretty", false, "print times as dates")
	fs.StringVarP(&t.format, "time-format", "t", "", "`FORMAT`: with --pretty, the format of times, as for strftime")
	return t
}

func (t *timeText) text(at int64) string {
	switch {
	case !t.pretty:
		return fmt.Sprint(at)
	case t.format != "":
		return timefmt.Format(time.Unix(at, 0).In(t.zone), t.format)
	}
	return time.Unix(at, 0).In(t.zone).Format(ctime)
}

// ctime is the layout of Python's time.ctime.
const ctime = "Mon Jan _2 15:04:05 2006"

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
