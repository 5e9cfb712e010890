package function

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"carbon/aggregate"
)

var sortBy = &Spec{
	Name:  "sortBy",
	Group: Sorting,
	Doc: `Sorts series by the value of func, which combines all values of a series
into one, in ascending order, or in descending order with reverse.

Example::

  &target=sortBy(web.*.cpu,"max",true)`,
	Params: []Param{
		seriesList,
		{Name: "func", Type: AggFunc, Default: "average"},
		{Name: "reverse", Type: Boolean, Takes: order, Default: false},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		f, err := c.AggFunc("func")
		if err != nil {
			return nil, err
		}
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		return sortedBy(series, c.Bool("reverse"), rank(f)), ctx.Err()
	},
}

// sortedWith makes a function that sorts series by f, in descending order. what names the
// values of f in the documentation.
func sortedWith(name, what string, f aggregate.Func) *Spec {
	return &Spec{
		Name:   name,
		Group:  Sorting,
		Doc:    "Sorts series by " + what + ", in descending order.\n\nExample::\n\n  &target=" + name + "(web.*.cpu)",
		Params: []Param{seriesList},
		Eval: func(ctx context.Context, c *Call) ([]Series, error) {
			series, err := c.Series(ctx, "seriesList")
			if err != nil {
				return nil, err
			}
			return sortedBy(series, true, rank(f)), ctx.Err()
		},
	}
}

var (
	sortByMaxima = sortedWith("sortByMaxima", "their maximum", aggregate.Max)
	sortByTotal  = sortedWith("sortByTotal", "the sum of their values", aggregate.Sum)
)

var sortByMinima = &Spec{
	Name:  "sortByMinima",
	Group: Sorting,
	Doc: `Sorts series by their minimum, in ascending order. Series without values
above 0 are left out.

Example::

  &target=sortByMinima(web.*.cpu)`,
	Params: []Param{seriesList},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := keep(func(*Call) func(s Series) bool {
			return func(s Series) bool { return aggregate.Max(s.Values) > 0 }
		})(ctx, c)
		if err != nil {
			return nil, err
		}
		return sortedBy(series, false, rank(aggregate.Min)), ctx.Err()
	},
}

var sortByName = &Spec{
	Name:  "sortByName",
	Group: Sorting,
	Doc: `Sorts series by name. With natural, numbers in names are compared as
numbers; with reverse, the order is descending.

Example::

  &target=sortByName(web.*.cpu,true)`,
	Params: []Param{
		seriesList,
		{Name: "natural", Type: Boolean, Default: false},
		{Name: "reverse", Type: Boolean, Takes: order, Default: false},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		natural := c.Bool("natural")
		// As in Python, numbers and strings cannot be compared.
		if natural || slices.ContainsFunc(series, func(s Series) bool { return s.Bare != series[0].Bare }) {
			for _, s := range series {
				if err := c.named(ctx, s); err != nil {
					return nil, err
				}
			}
		}
		return sortedBy(series, c.Bool("reverse"), func(s Series) string {
			if natural {
				return naturalKey(s.Name)
			}
			return s.Name
		}), nil
	},
}

// sortedBy returns the series sorted by key. The sort is stable.
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

// naturalKey returns a name with its numbers padded to ten digits.
func naturalKey(name string) string {
	return digits.ReplaceAllStringFunc(name, func(n string) string {
		return strings.ReplaceAll(fmt.Sprintf("%10s", strings.TrimLeft(n, "0")), " ", "0")
	})
}
