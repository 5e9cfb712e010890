package index

import (
	"context"
	"slices"
	"strings"

	"carbon/metric"
)

// tagged is the index of tagged series. A number identifies a series. The children of
// the tree's root are the tags, including "name" for the metric's name without tags. The
// children of a tag are its values. The list of a value's children holds, instead of
// nodes, the numbers of the series that have the value.
type tagged struct {
	tree   tree
	series [][]list // the values of each series, in the order of its name; indexed by the high and low bits of its number
	next   uint32   // lowest number that was never used
	free   []uint32 // numbers to reuse
	byName table    // series by the hash of their values
	count  int
}

const seriesBits = 10

func (t *tagged) init() {
	t.tree.init()
	t.next = 1 // number 0 is not used
}

func (t *tagged) values(series uint32) *list {
	return &t.series[series>>seriesBits][series%(1<<seriesBits)]
}

// eachTag calls f for each tag of a canonical name, "name" first, until f returns
// false.
func eachTag(name string, f func(tag, value string) bool) {
	name, rest, more := strings.Cut(name, ";")
	for ok := f("name", name); ok && more; {
		var segment string
		segment, rest, more = strings.Cut(rest, ";")
		tag, value, _ := strings.Cut(segment, "=")
		ok = f(tag, value)
	}
}

// find returns the number of the series with a name, or 0.
func (t *tagged) find(name string) uint32 {
	var some [32]uint32
	values := some[:0]
	eachTag(name, func(tag, value string) bool {
		number := t.value(tag, value)
		values = append(values, number)
		return number != 0
	})
	if values[len(values)-1] == 0 {
		return 0
	}
	return t.findValues(values)
}

// value returns the node of a value of a tag, or 0.
func (t *tagged) value(tag, value string) uint32 {
	if number := t.tree.child(root, tag); number != 0 {
		return t.tree.child(number, value)
	}
	return 0
}

func (t *tagged) findValues(values []uint32) uint32 {
	return t.byName.find(hashValues(values), func(series uint32) bool {
		return slices.Equal(t.tree.lists.all(t.values(series)), values)
	})
}

func hashValues(values []uint32) (h uint64) {
	for _, v := range values {
		h = mix(h ^ uint64(v))
	}
	return h
}

func (t *tagged) hash(series uint32) uint64 {
	return hashValues(t.tree.lists.all(t.values(series)))
}

func (x *Index) addTagged(name string) bool {
	if len(name) > maxName {
		return false // not canonical
	}
	if x.Has(name) {
		return false // the common case needs only the read lock
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.tagged.add(name)
}

func (t *tagged) add(name string) bool {
	var some [32]uint32
	values := some[:0]
	eachTag(name, func(tag, value string) bool {
		values = append(values, t.tree.makeChild(t.tree.makeChild(root, tag, true), value, true))
		return true
	})
	if t.findValues(values) != 0 {
		return false
	}
	series := t.newSeries()
	valueList := t.values(series)
	for _, v := range values {
		t.tree.lists.append(valueList, v)
		members := t.tree.below(v)
		if at, found := t.search(members, series); !found {
			t.tree.lists.insert(members, at, series)
		}
	}
	t.byName.insert(hashValues(values), series, t.hash)
	t.count++
	return true
}

func (t *tagged) newSeries() uint32 {
	if n := len(t.free); n > 0 {
		series := t.free[n-1]
		t.free = t.free[:n-1]
		return series
	}
	series := t.next
	t.next++
	if int(series>>seriesBits) == len(t.series) {
		t.series = append(t.series, make([]list, 1<<seriesBits))
	}
	return series
}

// search searches for a series in the list of a value.
func (t *tagged) search(members *list, series uint32) (at position, found bool) {
	if members.n == 0 {
		return position{}, false
	}
	last, end := t.tree.lists.last(members)
	if last < series {
		return end, false
	}
	at = t.tree.lists.search(members, func(s uint32) bool { return s < series })
	s, _, ok := t.tree.lists.get(members, at)
	return at, ok && s == series
}

func (t *tagged) remove(name string) bool {
	series := t.find(name)
	if series == 0 {
		return false
	}
	t.byName.remove(t.hash(series), series, t.hash)
	valueList := t.values(series)
	for _, v := range slices.Clone(t.tree.lists.all(valueList)) {
		members := t.tree.below(v)
		if at, found := t.search(members, series); found {
			t.tree.lists.remove(members, at)
			t.tree.prune(v)
		}
	}
	t.tree.lists.clear(valueList)
	t.free = append(t.free, series)
	t.count--
	return true
}

// appendName appends the name of a series to b.
func (t *tagged) appendName(b []byte, series uint32) []byte {
	for i, v := range t.tree.lists.all(t.values(series)) {
		if i > 0 {
			b = append(append(append(b, ';'), t.tree.name(t.tree.node(v).parent)...), '=')
		}
		b = append(b, t.tree.name(v)...)
	}
	return b
}

// FindTagged returns the names, sorted, of the tagged series that match all expressions:
//
//	tag=value      the tag has this value
//	tag!=value     the tag has another value or is missing
//	tag=~regexp    the regular expression matches at the start of the tag's value
//	tag!=~regexp   it does not match there
//
// As in graphite-web, a missing tag has the empty value, and at least one expression
// must reject the empty value. The tag "name" is the metric's name without tags. The
// syntax of regular expressions is Go's, and Python's for those that Go does not
// support. The error is a *metric.TagExprError or that of ctx.
func (x *Index) FindTagged(ctx context.Context, exprs []string) ([]string, error) {
	parsed := make([]expr, len(exprs))
	for i, s := range exprs {
		var err error
		if parsed[i], err = parseExpr(s); err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(parsed, func(e expr) bool { return e.rejectsEmpty() }) {
		return nil, &metric.TagExprError{Reason: "at least one must require a non-empty value"}
	}
	q := tagQuery{tagged: &x.tagged, exprs: parsed}
	q.traversal = traversal{lock: &x.mu, tree: &x.tagged.tree, ctxErr: ctx.Err}
	x.mu.RLock()
	defer x.mu.RUnlock()
	defer q.end()
	names := q.run()
	if q.err != nil {
		return nil, q.err
	}
	for i, e := range q.exprs {
		if err := e.err(); err != nil {
			return nil, &metric.TagExprError{Expr: exprs[i], Reason: err.Error()}
		}
	}
	return names, nil
}

// tagQuery is one call of FindTagged.
type tagQuery struct {
	traversal
	tagged      *tagged
	exprs       []expr
	version     uint64            // of the tree when the fields below were filled
	tags        []uint32          // node of the tag of each expression
	exactValues []uint32          // node of the value of each exact expression
	matches     []map[uint32]bool // cached results of each expression, by node of the value
}

func (q *tagQuery) run() []string {
	q.resolveTags()
	var names []string
	var strs stringBuffer
	var name []byte
	for _, series := range q.candidates() {
		if q.step(); q.done {
			return nil
		}
		if q.version != q.tree.version {
			q.resolveTags()
		}
		if q.match(series) {
			name = q.tagged.appendName(name[:0], series)
			names = append(names, strs.join(name, ""))
		}
	}
	slices.Sort(names)
	return slices.Compact(names) // a series may have been removed and added again meanwhile
}

func (q *tagQuery) resolveTags() {
	q.version = q.tree.version
	q.tags = make([]uint32, len(q.exprs))
	q.exactValues = make([]uint32, len(q.exprs))
	q.matches = make([]map[uint32]bool, len(q.exprs))
	for i, e := range q.exprs {
		q.matches[i] = make(map[uint32]bool)
		if q.tags[i] = q.tree.child(root, e.tag); q.tags[i] != 0 && e.exact {
			q.exactValues[i] = q.tree.child(q.tags[i], e.value)
		}
	}
}

// candidates returns a superset of the result: the series that match one of the
// expressions that reject the empty value. It chooses the expression with the fewest
// series, but considers a regular expression only if counting its series is cheaper than
// visiting the series of the best exact expression.
func (q *tagQuery) candidates() []uint32 {
	best, count := -1, 0
	for i, e := range q.exprs {
		if !e.exact || !e.rejectsEmpty() {
			continue
		}
		n := 0
		if q.exactValues[i] != 0 {
			n = int(q.tree.below(q.exactValues[i]).n)
		}
		if best < 0 || n < count {
			best, count = i, n
		}
	}
	var values []uint32
	if best >= 0 {
		values = []uint32{q.exactValues[best]}
	}
	for i := range q.exprs {
		if e := &q.exprs[i]; !e.exact && e.rejectsEmpty() && (best < 0 || q.cheaper(i, count)) {
			if matched, n := q.matchingValues(i); best < 0 || n < count {
				best, count, values = i, n, matched
			}
		}
	}
	var series []uint32
	for _, v := range values {
		if v == 0 {
			continue
		}
		series = append(series, q.tree.lists.all(q.tree.below(v))...)
	}
	return series
}

// cheaper reports whether matching all values of the tag of expression i is cheaper than
// visiting a number of series.
func (q *tagQuery) cheaper(i, series int) bool {
	return q.tags[i] == 0 || 4*int(q.tree.below(q.tags[i]).n) < series
}

// matchingValues returns the values that match expression i, and the number of series
// that have one of them.
func (q *tagQuery) matchingValues(i int) (values []uint32, series int) {
	if q.tags[i] == 0 {
		return nil, 0
	}
	q.each(q.tags[i], q.exprs[i].prefix, func(value uint32, text string) {
		if q.exprs[i].match(text) {
			values = append(values, value)
			series += int(q.tree.below(value).n)
		}
	})
	return values, series
}

// match reports whether a series matches all expressions.
func (q *tagQuery) match(series uint32) bool {
	values := q.tree.lists.all(q.tagged.values(series))
	if len(values) == 0 {
		return false // removed meanwhile
	}
	for i := range q.exprs {
		e := &q.exprs[i]
		if e.exact && e.value != "" {
			if q.exactValues[i] == 0 || !slices.Contains(values, q.exactValues[i]) {
				return false
			}
			continue
		}
		at := slices.IndexFunc(values, func(v uint32) bool { return q.tree.node(v).parent == q.tags[i] })
		if at < 0 {
			if e.rejectsEmpty() {
				return false
			}
			continue
		}
		matched, ok := q.matches[i][values[at]]
		if !ok {
			matched = e.match(q.tree.name(values[at]))
			q.matches[i][values[at]] = matched
		}
		if !matched {
			return false
		}
	}
	return true
}

// Tags returns the tags that match a regular expression, anchored at their start. They
// are sorted. It returns at most limit tags, or all if limit is 0. The error is a
// *metric.TagExprError or that of ctx.
func (x *Index) Tags(ctx context.Context, filter string, limit int) ([]string, error) {
	f, err := parseFilter(filter)
	if err != nil {
		return nil, &metric.TagExprError{Expr: filter, Reason: err.Error()}
	}
	var tags []string
	err = x.eachValue(ctx, "", f, limit, func(text string, _ int) { tags = append(tags, strings.Clone(text)) })
	if err == nil {
		err = filterError(filter, f)
	}
	return tags, err
}

// Values returns the values of a tag that match a regular expression, in the same way as
// Tags. An unknown tag has no values. The error is a *metric.TagExprError or that of ctx.
func (x *Index) Values(ctx context.Context, tag, filter string, limit int) ([]metric.TagCount, error) {
	f, err := parseFilter(filter)
	if err != nil {
		return nil, &metric.TagExprError{Expr: filter, Reason: err.Error()}
	}
	var values []metric.TagCount
	err = x.eachValue(ctx, tag, f, limit, func(text string, series int) {
		values = append(values, metric.TagCount{Value: strings.Clone(text), Series: series})
	})
	if err == nil {
		err = filterError(filter, f)
	}
	return values, err
}

// filterError returns the error of a filter's matches, as a *metric.TagExprError.
func filterError(text string, f filter) error {
	if err := f.err(); err != nil {
		return &metric.TagExprError{Expr: text, Reason: err.Error()}
	}
	return nil
}

// eachValue calls use for each value of a tag that matches, or each tag if tag is empty,
// until there were limit of them or ctx is done.
func (x *Index) eachValue(ctx context.Context, tag string, f filter, limit int, use func(text string, below int)) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	t := &x.tagged.tree
	number := uint32(root)
	if tag != "" {
		if number = t.child(root, tag); number == 0 {
			return nil
		}
	}
	v := traversal{lock: &x.mu, tree: t, ctxErr: ctx.Err}
	defer v.end()
	used := 0
	v.each(number, f.prefix, func(child uint32, text string) {
		if f.match(text) {
			use(text, int(t.below(child).n))
			used++
			if used == limit {
				v.done = true
			}
		}
	})
	return v.err
}
