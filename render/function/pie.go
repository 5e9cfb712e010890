package function

// Pie is the group of what makes one number of a series.
const Pie Group = "Pie"

// Pies are the functions that say how large the slices of a pie are. They are no
// functions of targets: pieMode names one.
var Pies = []*Spec{
	{
		Name:   "average",
		Group:  Pie,
		Doc:    `The mean of the points.`,
		Params: pieParams,
	},
	{
		Name:   "maximum",
		Group:  Pie,
		Doc:    `The highest point.`,
		Params: pieParams,
	},
	{
		Name:   "minimum",
		Group:  Pie,
		Doc:    `The lowest point.`,
		Params: pieParams,
	},
}

var pieParams = []Param{{Name: "series", Type: "series", Required: true}}
