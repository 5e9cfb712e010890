package function

import (
	"strings"
	"unicode"
)

var upper = &Spec{
	Name:    "upper",
	Aliases: []string{"toUpperCase"},
	Group:   Alias,
	Doc: `Shows names in upper case: all of them, or the letters at some positions,
counted from 0, or from -1 at the end.

Example::

  &target=upper(web.*.cpu,0)`,
	Params: []Param{seriesList, {Name: "pos", Type: Integer, Multiple: true}},
	Eval:   letters(strings.ToUpper, unicode.ToUpper),
}

var lower = &Spec{
	Name:    "lower",
	Aliases: []string{"toLowerCase"},
	Group:   Alias,
	Doc: `Shows names in lower case: all of them, or the letters at some positions,
counted from 0, or from -1 at the end.

Example::

  &target=lower(alias(web.a.cpu,"CPU"),0)`,
	Params: []Param{seriesList, {Name: "pos", Type: Integer, Multiple: true}},
	Eval:   letters(strings.ToLower, unicode.ToLower),
}

// letters makes an evaluator of what becomes of the letters in names.
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
				return "", c.errorf("pos", "must be a whole number, not %s", text(p))
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
