package function

// Pie is the group of Pies.
const Pie Group = "Pie"

// Pies are the functions that compute the size of pie slices. The parameter pieMode names
// one; targets cannot call them.
var Pies = []*Spec{
	{
		Name:   "average",
		Group:  Pie,
		Doc:    `The average of the values.`,
		Params: pieParams,
	},
	{
		Name:   "maximum",
		Group:  Pie,
		Doc:    `The highest value.`,
		Params: pieParams,
	},
	{
		Name:   "minimum",
		Group:  Pie,
		Doc:    `The lowest value.`,
		Params: pieParams,
	},
}

var pieParams = []Param{{Name: "series", Type: "series", Required: true}}
