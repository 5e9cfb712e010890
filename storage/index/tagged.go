package index

import (
	"context"
	"slices"
	"strings"

	"carbon/metric"
)

// tagged holds tagged series by number. Its tree has tags below the root, with
// "name" for the metric without tags, and their values below them. What is below
// a value is a list not of nodes but of the series that have it.
type tagged struct {
	tree   tree
	series [][]list // a series' number is its chunk and its place there; its list is of values, in the order of its name
	next   uint32   // number never used
	free   []uint32
	byName table
	count  int
}

const seriesBits = 10

func (t *tagged) init() {
	t.tree.init()
	t.next = 1 // 0 is none
}

func (t *tagged) values(series uint32) *list {
	return &t.series[series>>seriesBits][series%(1<<seriesBits)]
}

// eachTag calls f for each tag of a canonical name, that called name first, until
// it returns false.
func eachTag(name string, f func(tag, value string) bool) {
	name, rest, more := strings.Cut(name, ";")
	for ok := f("name", name); ok && more; {
		var segment string
		segment, rest, more = strings.Cut(rest, ";")
		tag, value, _ := strings.Cut(segment, "=")
		ok = f(tag, value)
	}
}

// find returns the number of a series, 0 if there is none of that name.
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

// value returns the node of a value of a tag, 0 if there is none.
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
		return false // without the lock that readers wait for
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
	of := t.values(series)
	for _, v := range values {
		t.tree.lists.append(of, v)
		having := t.tree.below(v)
		if at, found := t.search(having, series); !found {
			t.tree.lists.insert(having, at, series)
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

// search looks for a series in a list of such.
func (t *tagged) search(having *list, series uint32) (at place, found bool) {
	if having.n == 0 {
		return place{}, false
	}
	last, end := t.tree.lists.last(having)
	if last < series {
		return end, false
	}
	at = t.tree.lists.search(having, func(s uint32) bool { return s < series })
	s, _, ok := t.tree.lists.get(having, at)
	return at, ok && s == series
}

func (t *tagged) remove(name string) bool {
	series := t.find(name)
	if series == 0 {
		return false
	}
	t.byName.remove(t.hash(series), series, t.hash)
	of := t.values(series)
	for _, v := range slices.Clone(t.tree.lists.all(of)) {
		having := t.tree.below(v)
		if at, found := t.search(having, series); found {
			t.tree.lists.remove(having, at)
			t.tree.prune(v)
		}
	}
	t.tree.lists.clear(of)
	t.free = append(t.free, series)
	t.count--
	return true
}

// appendName appends the name of a series.
func (t *tagged) appendName(b []byte, series uint32) []byte {
	for i, v := range t.tree.lists.all(t.values(series)) {
		if i > 0 {
			b = append(append(append(b, ';'), t.tree.name(t.tree.node(v).parent)...), '=')
		}
		b = append(b, t.tree.name(v)...)
	}
	return b
}

// FindTagged returns the names, sorted, of the tagged series for which all
// expressions hold:
//
//	tag=value      the tag has this value
//	tag!=value     it has another one, or there is no such tag
//	tag=~regexp    its value begins with what the expression matches
//	tag!=~regexp   it does not
//
// As in graphite-web a missing tag is one with an empty value, and at least one
// expression must refuse the empty value. The tag "name" is the metric without
// tags. Regular expressions are Go's, and Python's where Go cannot express them.
// The error is a *metric.TagExprError, or that of ctx.
func (x *Index) FindTagged(ctx context.Context, exprs []string) ([]string, error) {
	parsed := make([]expr, len(exprs))
	for i, s := range exprs {
		var err error
		if parsed[i], err = parseExpr(s); err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(parsed, func(e expr) bool { return e.needsValue() }) {
		return nil, &metric.TagExprError{Reason: "at least one must require a non-empty value"}
	}
	q := tagQuery{tagged: &x.tagged, exprs: parsed}
	q.visit = visit{lock: &x.mu, tree: &x.tagged.tree, wanted: ctx.Err}
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

// tagQuery is a search for tagged series.
type tagQuery struct {
	visit
	tagged  *tagged
	exprs   []expr
	version uint64            // of the tree, for what follows
	tags    []uint32          // node of each expression's tag
	exact   []uint32          // node of its value if there is just one
	known   []map[uint32]bool // whether it matches a value, by node
}

func (q *tagQuery) run() []string {
	q.lookUp()
	var names []string
	var texts texts
	var name []byte
	for _, series := range q.fewest() {
		if q.step(); q.enough {
			return nil
		}
		if q.version != q.tree.version {
			q.lookUp()
		}
		if q.match(series) {
			name = q.tagged.appendName(name[:0], series)
			names = append(names, texts.join(name, ""))
		}
	}
	slices.Sort(names)
	return slices.Compact(names) // a series may be gone and come back while we look
}

func (q *tagQuery) lookUp() {
	q.version = q.tree.version
	q.tags = make([]uint32, len(q.exprs))
	q.exact = make([]uint32, len(q.exprs))
	q.known = make([]map[uint32]bool, len(q.exprs))
	for i, e := range q.exprs {
		q.known[i] = make(map[uint32]bool)
		if q.tags[i] = q.tree.child(root, e.tag); q.tags[i] != 0 && e.exact {
			q.exact[i] = q.tree.child(q.tags[i], e.value)
		}
	}
}

// fewest returns the series that one expression selects, of those that refuse the
// empty value: of fewest series, or if finding out takes more than looking at the
// series of another, not worth it.
func (q *tagQuery) fewest() []uint32 {
	best, count := -1, 0
	for i, e := range q.exprs {
		if !e.exact || !e.needsValue() {
			continue
		}
		n := 0
		if q.exact[i] != 0 {
			n = int(q.tree.below(q.exact[i]).n)
		}
		if best < 0 || n < count {
			best, count = i, n
		}
	}
	var values []uint32
	if best >= 0 {
		values = []uint32{q.exact[best]}
	}
	for i := range q.exprs {
		if e := &q.exprs[i]; !e.exact && e.needsValue() && (best < 0 || q.cheap(i, count)) {
			if matched, n := q.matching(i); best < 0 || n < count {
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

// cheap tells whether looking at all values of a tag takes less than looking at
// that many series.
func (q *tagQuery) cheap(i, series int) bool {
	return q.tags[i] == 0 || 4*int(q.tree.below(q.tags[i]).n) < series
}

// matching returns the values that an expression matches, and how many series
// have one of them.
func (q *tagQuery) matching(i int) (values []uint32, series int) {
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

// match tells whether all expressions hold for a series.
func (q *tagQuery) match(series uint32) bool {
	values := q.tree.lists.all(q.tagged.values(series))
	if len(values) == 0 {
		return false // gone meanwhile
	}
	for i := range q.exprs {
		e := &q.exprs[i]
		if e.exact && e.value != "" {
			if q.exact[i] == 0 || !slices.Contains(values, q.exact[i]) {
				return false
			}
			continue
		}
		at := slices.IndexFunc(values, func(v uint32) bool { return q.tree.node(v).parent == q.tags[i] })
		if at < 0 {
			if e.needsValue() {
				return false
			}
			continue
		}
		matched, ok := q.known[i][values[at]]
		if !ok {
			matched = e.match(q.tree.name(values[at]))
			q.known[i][values[at]] = matched
		}
		if !matched {
			return false
		}
	}
	return true
}

// Tags returns the tags that match a regular expression at their start, sorted,
// at most limit of them; 0 is all. The error is a *metric.TagExprError, or that of ctx.
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

// Values returns the values of a tag that match a regular expression at their
// start, sorted, at most limit of them; 0 is all. There are none of an unknown
// tag. The error is a *metric.TagExprError, or that of ctx.
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

// filterError is what a filter ended with.
func filterError(text string, f filter) error {
	if err := f.err(); err != nil {
		return &metric.TagExprError{Expr: text, Reason: err.Error()}
	}
	return nil
}

// eachValue calls use for what matches of the values of a tag, or of the tags
// themselves if that is empty, until there are limit of them or ctx is at its end.
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
	v := visit{lock: &x.mu, tree: t, wanted: ctx.Err}
	defer v.end()
	used := 0
	v.each(number, f.prefix, func(child uint32, text string) {
		if f.match(text) {
			use(text, int(t.below(child).n))
			used++
			if used == limit {
				v.enough = true
			}
		}
	})
	return v.err
}
