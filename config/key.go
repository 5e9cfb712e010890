package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"carbon/codec/ini"
)

// key describes one key of carbon.conf. The parser, the environment, --set,
// `carbon check`, the shipped carbon.conf and docs/configuration.md use it. C is the
// struct that holds the value: Config or ListenerConfig.
type key[C any] struct {
	name    string // carbon's name if carbon has the key
	setting setting[C]
	doc     string // effect, unit, meaning of zero; lines that begin with a space are not wrapped
	carbon  string // how the key differs in carbon; empty: it does not, or carbon does not have it
}

// setting parses, formats and resets one value.
type setting[C any] struct {
	values string // allowed values, for the documentation
	set    func(c *C, value string) error
	get    func(c *C) string // formatted so that set can parse it
	reset  func(c *C)        // to the default
	secret bool              // WriteMasked hides the value
}

// newSetting returns a setting that is stored in a field. value is the default.
func newSetting[C, T any](field func(*C) *T, value T, values string, parse func(string) (T, error), format func(T) string) setting[C] {
	return setting[C]{
		values: values,
		set: func(c *C, text string) error {
			v, err := parse(text)
			if err != nil {
				return err
			}
			*field(c) = v
			return nil
		},
		get:   func(c *C) string { return format(*field(c)) },
		reset: func(c *C) { *field(c) = value },
	}
}

// text accepts any text.
func text[C any](field func(*C) *string, value string) setting[C] {
	return newSetting(field, value, "text", func(v string) (string, error) { return v, nil }, strings.Clone)
}

// secret accepts a password or a token.
func secret[C any](field func(*C) *string, value string) setting[C] {
	s := text(field, value)
	s.secret = true
	return s
}

// address accepts host:port or off.
func address[C any](field func(*C) *string, value string) setting[C] {
	s := text(field, value)
	s.values = "host:port, or off"
	return s
}

// choice accepts one of the words, ignoring case.
func choice[C any](field func(*C) *string, value string, words ...string) setting[C] {
	return newSetting(field, value, strings.Join(words, ", "), func(v string) (string, error) {
		v = strings.ToLower(v)
		if !slices.Contains(words, v) {
			return "", fmt.Errorf("%q: want one of %s", v, strings.Join(words, ", "))
		}
		return v, nil
	}, strings.Clone)
}

// number accepts a whole number from low to high.
func number[C any, T int | int64](field func(*C) *T, value, low, high T) setting[C] {
	values := fmt.Sprintf("%d or more", low)
	if int64(high) < math.MaxInt32 {
		values = fmt.Sprintf("%d to %d", low, high)
	}
	return newSetting(field, value, values, func(v string) (T, error) { return parseNumber(v, low, high) }, formatNumber[T])
}

// port accepts a TCP or UDP port, or 0 for no listener.
func port[C any](field func(*C) *int, value int) setting[C] {
	s := number(field, value, 0, math.MaxUint16)
	s.values = "1 to 65535; 0: off"
	return s
}

// capacity accepts a whole number from 1, or inf, which is stored as MaxInt32.
func capacity[C any, T int | int64](field func(*C) *T, value T) setting[C] {
	return newSetting(field, value, "1 or more; inf: no limit", func(v string) (T, error) {
		if strings.EqualFold(v, "inf") {
			return math.MaxInt32, nil
		}
		return parseNumber[T](v, 1, math.MaxInt32)
	}, formatNumber[T])
}

// rate accepts a maximum number of operations per period. 0 and inf mean no limit and
// are stored as 0.
func rate[C any](field func(*C) *int, value int) setting[C] {
	return newSetting(field, value, "1 or more; inf or 0: no limit", func(v string) (int, error) {
		if strings.EqualFold(v, "inf") {
			return 0, nil
		}
		return parseNumber(v, 0, math.MaxInt32)
	}, func(n int) string {
		if n == 0 {
			return "inf"
		}
		return formatNumber(n)
	})
}

func parseNumber[T int | int64](v string, low, high T) (T, error) {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < int64(low) || n > int64(high) {
		return 0, fmt.Errorf("%q: want a whole number from %d to %d", v, low, high)
	}
	return T(n), nil
}

func formatNumber[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// boolean accepts the words of ini.ParseBool.
func boolean[C any](field func(*C) *bool, value bool) setting[C] {
	return newSetting(field, value, "True or False", ini.ParseBool, formatBool)
}

func formatBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// duration accepts a duration such as 10ms, 1s or 2m, a number of seconds, or None,
// which means 0.
func duration[C any](field func(*C) *time.Duration, value time.Duration) setting[C] {
	return newSetting(field, value, "duration", parseDuration, formatDuration)
}

func parseDuration(v string) (time.Duration, error) {
	if strings.EqualFold(v, "none") {
		return 0, nil
	}
	if seconds, err := strconv.ParseFloat(v, 64); err == nil && seconds >= 0 && seconds < 1e9 {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q: want a duration such as 10ms, 1s or 60", v)
	}
	return d, nil
}

// formatDuration formats d without zero units at the end: 1m, not 1m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// milliseconds accepts a number of milliseconds, as statsd's keys do, or a duration.
func milliseconds[C any](field func(*C) *time.Duration, value, low time.Duration) setting[C] {
	return newSetting(field, value, fmt.Sprintf("%d or more", low.Milliseconds()), func(v string) (time.Duration, error) {
		d, err := time.ParseDuration(v)
		if n, notWhole := strconv.ParseInt(v, 10, 64); notWhole == nil && n < math.MaxInt64/int64(time.Millisecond) {
			d, err = time.Duration(n)*time.Millisecond, nil
		}
		if err != nil || d < low {
			return 0, fmt.Errorf("%q: want a number of milliseconds, %d or more", v, low.Milliseconds())
		}
		return d, nil
	}, func(d time.Duration) string { return formatNumber(d.Milliseconds()) })
}

// optionalBool accepts a boolean, stored as true or false, or nothing if another key
// decides.
func optionalBool[C any](field func(*C) *string) setting[C] {
	return newSetting(field, "", "True, False, or empty", func(v string) (string, error) {
		if v == "" {
			return "", nil
		}
		b, err := ini.ParseBool(v)
		if err != nil {
			return "", fmt.Errorf("%q: want True, False or no value", v)
		}
		return strconv.FormatBool(b), nil
	}, strings.Clone)
}

// fold returns a name in the form that is compared: lower case, without underscores.
func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// find returns the key with that name, or nil.
func find[C any](keys []key[C], name string) *key[C] {
	i := slices.IndexFunc(keys, func(k key[C]) bool { return fold(k.name) == fold(name) })
	if i < 0 {
		return nil
	}
	return &keys[i]
}

// automatic accepts a whole number, or auto or 0 if the server chooses.
func automatic[C any](field func(*C) *int) setting[C] {
	return newSetting(field, 0, "1 or more, or auto", func(v string) (int, error) {
		if strings.EqualFold(v, "auto") {
			return 0, nil
		}
		return parseNumber(v, 0, math.MaxInt32)
	}, func(n int) string {
		if n == 0 {
			return "auto"
		}
		return formatNumber(n)
	})
}
