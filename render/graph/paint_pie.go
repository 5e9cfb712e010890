package graph

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// pie fills the slices, and writes their labels on them.
func (p *painter) pie(c *PieChart) {
	if c.Radius <= 0 {
		return
	}
	p.c.SetLineDash(nil, 0)
	for _, s := range c.Slices {
		turn := 2 * math.Pi * s.Share
		if turn < 0 { // as cairo goes clockwise to an angle that lies behind
			turn += 2 * math.Pi * math.Ceil(-turn/(2*math.Pi))
		}
		if turn == 0 || s.Color.A == 0 {
			continue
		}
		turn = min(turn, 2*math.Pi)
		centre := p.at(c.X, c.Y)
		radius := vg.Length(c.Radius)
		var path vg.Path
		path.Move(centre)
		// The canvas' y grows upwards, so clockwise is negative.
		sin, cos := math.Sincos(-s.From)
		path.Line(vg.Point{X: centre.X + radius*vg.Length(cos), Y: centre.Y + radius*vg.Length(sin)})
		path.Arc(centre, radius, -s.From, -turn)
		path.Close()
		if p.grouper != nil {
			p.grouper.begin(s.Name)
		}
		p.c.SetColor(s.Color.nrgba())
		p.c.Fill(path)
		if p.grouper != nil {
			p.grouper.end()
		}
	}
	for _, t := range p.d.Texts {
		if t.Kind == PieText {
			p.text(t)
		}
	}
}
