package amqp

import (
	"bytes"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// appendLines appends the lines of a message, each with its name and an LF.
func (c *Consumer) appendLines(lines []byte, d amqp.Delivery) []byte {
	if c.o.NameInBody {
		lines = append(lines, d.Body...)
		if len(d.Body) > 0 && d.Body[len(d.Body)-1] != '\n' {
			lines = append(lines, '\n')
		}
		return lines
	}
	name := strings.Join(strings.Fields(d.RoutingKey), "_")
	for line := range bytes.SplitSeq(d.Body, []byte{'\n'}) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, name...)
			lines = append(lines, ' ')
			lines = append(lines, line...)
			lines = append(lines, '\n')
		}
	}
	return lines
}
