package graph

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// pie paints the slices and their labels.
func (p *painter) pie(c *PieChart) {
	if c.Radius <= 0 {
		return
	}
	p.c.SetLineDash(nil, 0)
	for _, s := range c.Slices {
		turn := 2 * math.Pi * s.Share
		if turn < 0 { // cairo continues clockwise to an angle behind the start
			turn += 2 * math.Pi * math.Ceil(-turn/(2*math.Pi))
		}
		if turn == 0 || s.Color.A == 0 {
			continue
		}
		turn = min(turn, 2*math.Pi)
		center := p.at(c.X, c.Y)
		radius := vg.Length(c.Radius)
		var path vg.Path
		path.Move(center)
		// The canvas' y grows upwards, so clockwise is negative.
		sin, cos := math.Sincos(-s.From)
		path.Line(vg.Point{X: center.X + radius*vg.Length(cos), Y: center.Y + radius*vg.Length(sin)})
		path.Arc(center, radius, -s.From, -turn)
		path.Close()
		if p.groupCanvas != nil {
			p.groupCanvas.begin(s.Name)
		}
		p.c.SetColor(s.Color.nrgba())
		p.c.Fill(path)
		if p.groupCanvas != nil {
			p.groupCanvas.end()
		}
	}
	for _, t := range p.d.Texts {
		if t.Kind == PieText {
			p.text(t)
		}
	}
}
