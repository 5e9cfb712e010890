package function

import (
	"strings"
	"unicode"
)

var upper = &Spec{
	Name:    "upper",
	Aliases: []string{"toUpperCase"},
	Group:   Alias,
	Doc: `Converts names to upper case: the whole name, or only the characters at
the given positions. Positions count from 0, or from the end with negative numbers.

Example::

  &target=upper(web.*.cpu,0)`,
	Params: []Param{seriesList, {Name: "pos", Type: Integer, Multiple: true}},
	Eval:   letters(strings.ToUpper, unicode.ToUpper),
}

var lower = &Spec{
	Name:    "lower",
	Aliases: []string{"toLowerCase"},
	Group:   Alias,
	Doc: `Converts names to lower case: the whole name, or only the characters at
the given positions. Positions count from 0, or from the end with negative numbers.

Example::

  &target=lower(alias(web.a.cpu,"CPU"),0)`,
	Params: []Param{seriesList, {Name: "pos", Type: Integer, Multiple: true}},
	Eval:   letters(strings.ToLower, unicode.ToLower),
}

// letters makes an evaluator that converts names with all, or the letters at the given
// positions with one.
func letters(all func(string) string, one func(rune) rune) evaluator {
	return rename(func(c *Call, s Series) (string, error) {
		positions := c.values("pos")
		if len(positions) == 0 {
			return all(s.Name), nil
		}
		name := []rune(s.Name)
		for _, p := range positions {
			at, ok := p.(int64)
			if !ok {
				return "", c.errorf("pos", "must be an integer, not %s", text(p))
			}
			if at < 0 {
				at += int64(len(name))
			}
			if at >= 0 && at < int64(len(name)) {
				name[at] = one(name[at])
			}
		}
		return string(name), nil
	})
}
