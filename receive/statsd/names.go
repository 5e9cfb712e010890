package statsd

import "bytes"

// names makes the names of series: it adds text before and after a key.
type names struct {
	rate, count, timer, gauge, set affix
	own                            string // prefix of metrics about statsd, with its dot
	numStats                       string
	suffix                         string // with its dot; empty: none
	clean                          bool   // clean keys, because they were not cleaned on arrival
}

// affix is the text around a key, with its dots.
type affix struct{ before, after string }

// newNames returns the names of the legacy or the new namespace.
func newNames(o Options) names {
	n := names{clean: !o.KeyNameSanitize}
	if o.GlobalSuffix != "" {
		n.suffix = "." + o.GlobalSuffix
	}
	if o.LegacyNamespace {
		n.rate = affix{before: "stats."}
		n.count = affix{before: "stats_counts."}
		n.timer = affix{"stats.timers.", "."}
		n.gauge = affix{before: "stats.gauges."}
		n.set = affix{"stats.sets.", ".count"}
		n.own = "stats." + o.PrefixStats + "."
		n.numStats = o.PrefixStats + ".numStats"
		return n
	}
	node := func(prefix string) string {
		if prefix == "" {
			return ""
		}
		return prefix + "."
	}
	global := node(o.GlobalPrefix)
	n.rate = affix{global + node(o.PrefixCounter), ".rate"}
	n.count = affix{global + node(o.PrefixCounter), ".count"}
	n.timer = affix{global + node(o.PrefixTimer), "."}
	n.gauge = affix{before: global + node(o.PrefixGauge)}
	n.set = affix{global + node(o.PrefixSet), ".count"}
	n.own = global + node(o.PrefixStats)
	n.numStats = n.own + "numStats"
	return n
}

// appendName appends the name of a series of a key. Tags are at the end.
func (n *names) appendName(b []byte, around affix, key, what string) []byte {
	b = append(b, around.before...)
	begin := len(b)
	b = append(b, key...)
	tags := ""
	if i := bytes.IndexByte(b[begin:], ';'); i >= 0 {
		tags = key[i:]
		b = b[:begin+i]
	}
	if n.clean {
		b = b[:begin+len(sanitize(b[begin:]))]
	}
	b = append(b, around.after...)
	b = append(b, what...)
	b = append(b, n.suffix...)
	return append(b, tags...)
}
