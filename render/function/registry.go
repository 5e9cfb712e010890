package function

import (
	"slices"
	"strings"
)

// rows are all functions. Each family lists its own.
var rows = slices.Concat(
	combineRows, transformRows, calculateRows, filterRows, sortingRows, aliasRows,
	graphRows, specialRows, extraRows,
)

// byName is filled when the program starts, as rows refer to functions that
// look other functions up.
var byName map[string]*Spec

func init() {
	byName = make(map[string]*Spec, len(rows))
	for _, s := range rows {
		for _, name := range append([]string{s.Name}, s.Aliases...) {
			if byName[name] != nil {
				panic("two functions are called " + name)
			}
			byName[name] = s
		}
	}
}

// Lookup returns the function of a name or alias. Case matters.
func Lookup(name string) (*Spec, bool) {
	s, ok := byName[name]
	return s, ok
}

// All returns the functions, sorted by name.
func All() []*Spec {
	return slices.SortedFunc(slices.Values(rows), func(a, b *Spec) int { return strings.Compare(a.Name, b.Name) })
}
