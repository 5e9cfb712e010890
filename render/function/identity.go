package function

import "context"

var identity = &Spec{
	Name:  "identity",
	Group: Calculate,
	Doc: `Shows the time itself, in seconds since 1970, every minute.

Example::

  &target=identity("now")`,
	Params: []Param{{Name: "name", Type: String, Required: true}},
	Eval: func(_ context.Context, c *Call) ([]Series, error) {
		w := c.Window
		values, err := c.makeValues((w.Until - w.From + minute - 1) / minute)
		for i := range values {
			values[i] = float64(w.From + int64(i)*minute)
		}
		s := newSeries(c.Text("name"), w.From, w.Until, minute, values)
		s.Path = `identity("` + c.Text("name") + `")`
		s.XFilesFactor = c.XFilesFactor
		_, isString := c.value("name").(string)
		s.Bare = !isString
		return []Series{s}, err
	},
}
