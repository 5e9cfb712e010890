package function

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// sortingRows are the functions that change the order of series.
var sortingRows = []*Spec{
	sortByName,
}

var sortByName = &Spec{
	Name:  "sortByName",
	Group: Sorting,
	Doc: `Sorts series by name. With natural, numbers in names compare as numbers.

Example::

  &target=sortByName(web.*.cpu,true)`,
	Params: []Param{
		seriesList,
		{Name: "natural", Type: Boolean, Default: false},
		{Name: "reverse", Type: Boolean, Default: false},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		natural := c.Bool("natural")
		return sortedBy(series, c.Bool("reverse"), func(s Series) string {
			if natural {
				return naturalKey(s.Name)
			}
			return s.Name
		}), nil
	},
}

// sortedBy returns the series in the order of their keys, equal ones as they were.
func sortedBy[K cmp.Ordered](series []Series, reverse bool, key func(s Series) K) []Series {
	type keyed struct {
		key K
		Series
	}
	list := make([]keyed, len(series))
	for i, s := range series {
		list[i] = keyed{key(s), s}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		if reverse {
			return cmp.Compare(b.key, a.key)
		}
		return cmp.Compare(a.key, b.key)
	})
	sorted := make([]Series, len(list))
	for i, k := range list {
		sorted[i] = k.Series
	}
	return sorted
}

var digits = regexp.MustCompile(`\d+`)

// naturalKey pads the numbers in a name to ten digits.
func naturalKey(name string) string {
	return digits.ReplaceAllStringFunc(name, func(n string) string {
		return strings.ReplaceAll(fmt.Sprintf("%10s", strings.TrimLeft(n, "0")), " ", "0")
	})
}
