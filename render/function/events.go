package function

import (
	"context"
	"strings"
)

var events = &Spec{
	Name:  "events",
	Group: Special,
	Doc: `Returns the number of events in each second that have all the given tags;
"*" stands for all events. Seconds without events have no value. Tags that no event
has are ignored.

Example::

  &target=drawAsInfinite(events("deploy","web"))`,
	Params: []Param{{Name: "tags", Type: String, Required: true, Multiple: true}},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		tags := []string{}
		for _, v := range c.values("tags") {
			tag, ok := v.(string)
			if !ok {
				return nil, c.errorf("tags", "must be strings, not %s", describe(v))
			}
			tags = append(tags, tag)
		}
		values, err := c.makeValues(c.Window.Until - c.Window.From)
		if err != nil {
			return nil, err
		}
		for i := range values {
			values[i] = nan
		}
		events, err := c.eventsWith(ctx, tags)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			// An event at the very end of the window has no value to count in.
			if i := e.When - c.Window.From; i >= 0 && i < int64(len(values)) {
				if values[i] != values[i] {
					values[i] = 0
				}
				values[i]++
			}
		}
		s := newSeries(`events("`+strings.Join(tags, `", "`)+`")`, c.Window.From, c.Window.Until, 1, values)
		s.Consolidation, s.XFilesFactor = "sum", c.XFilesFactor
		return []Series{s}, nil
	},
}

// eventsWith returns the events of the window that have all tags. As in graphite-web, no
// event matches without tags.
func (c *Call) eventsWith(ctx context.Context, tags []string) ([]Event, error) {
	switch {
	case len(tags) == 0:
		return nil, nil
	case len(tags) == 1 && tags[0] == "*":
		tags = nil
	}
	return c.Events(ctx, c.Window, tags)
}
