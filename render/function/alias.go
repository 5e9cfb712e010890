package function

// aliasRows are the functions that name series.
var aliasRows = []*Spec{
	alias, aliasByNode,
}

var alias = &Spec{
	Name:  "alias",
	Group: Alias,
	Doc: `Gives all series of a list another name.

Example::

  &target=alias(sumSeries(web.*.cpu),"total")`,
	Params: []Param{seriesList, {Name: "newName", Type: String, Required: true}},
	Eval: mark(func(c *Call, s Series) Series {
		s = s.renamed(c.Text("newName"))
		_, isString := c.value("newName").(string)
		s.Bare = !isString
		return s
	}),
}

var aliasByNode = &Spec{
	Name:  "aliasByNode",
	Group: Alias,
	Doc: `Names each series by some of its nodes, counted from 0, or from -1 at the
end, and by its tags.

Example::

  &target=aliasByNode(web.*.cpu,1)`,
	Params: []Param{seriesList, {Name: "nodes", Type: NodeOrTag, Required: true, Multiple: true}},
	Eval: mark(func(c *Call, s Series) Series {
		return s.renamed(nodeKey(s, c.values("nodes")))
	}),
}
