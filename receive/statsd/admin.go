package statsd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"carbon/metric"
	"carbon/receive"
)

const (
	// maxCommand is the maximum command of the management port in bytes.
	maxCommand = 64 << 10

	// commandPause is the time after which a command is complete without its newline,
	// which some clients do not send.
	commandPause = 200 * time.Millisecond

	// answerTime bounds the time in which a client reads an answer.
	answerTime = 10 * time.Second
)

// Setting is a line of the answer to `config`.
type Setting struct{ Name, Value string }

// Admin is statsd's management port.
type Admin struct {
	Aggregator *Aggregator
	Settings   func() []Setting
}

// Serve answers the commands of a connection until it ends or sends quit. It is a
// receive.Protocol.
func (m Admin) Serve(_ context.Context, conn receive.Conn, _ func([]metric.Datapoint) error) error {
	var pending []byte
	buffer := make([]byte, 4096)
	for {
		if len(pending) > 0 {
			conn.SetReadDeadline(time.Now().Add(commandPause))
		}
		n, err := conn.Read(buffer)
		if len(pending) > 0 {
			conn.SetReadDeadline(time.Time{})
		}
		pending = append(pending, buffer[:n]...)
		late := len(pending) > 0 && (err == io.EOF || errors.Is(err, os.ErrDeadlineExceeded))
		if late {
			pending = append(pending, '\n')
		}
		for {
			command, rest, whole := bytes.Cut(pending, []byte{'\n'})
			if !whole {
				break
			}
			answer, quit := m.answer(string(command))
			conn.SetWriteDeadline(time.Now().Add(answerTime))
			if _, err := io.WriteString(conn, answer); err != nil || quit {
				return err
			}
			pending = rest
		}
		if len(pending) == 0 {
			pending = nil // an idle connection holds no buffer
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil && !late:
			return err
		case len(pending) > maxCommand:
			return fmt.Errorf("command over %d bytes", maxCommand)
		}
	}
}

// answer executes a command.
func (m Admin) answer(command string) (answer string, quit bool) {
	a := m.Aggregator
	words := strings.Split(strings.TrimSpace(command), " ")
	arguments := words[1:]
	switch words[0] {
	case "help":
		return "Commands: stats, counters, timers, gauges, delcounters, deltimers, delgauges, health, config, quit\n\n", false
	case "stats":
		return a.status(), false
	case "counters":
		return inspect(collect(a, &a.counters, func(c *counter) float64 { return c.sum }), formatSigned) + "END\n\n", false
	case "gauges":
		return inspect(collect(a, &a.gauges, func(g *gauge) float64 { return g.value }), formatSigned) + "END\n\n", false
	case "timers":
		return inspect(collect(a, &a.timers, func(t *timer) someValues {
			return someValues{slices.Clone(t.values[:min(len(t.values), maxShown)]), len(t.values)}
		}), formatValues) + "END\n\n", false
	case "delcounters":
		return remove(a, &a.counters, arguments), false
	case "deltimers":
		return remove(a, &a.timers, arguments), false
	case "delgauges":
		return remove(a, &a.gauges, arguments), false
	case "health":
		return a.health(arguments), false
	case "config":
		var b strings.Builder
		b.WriteString("\n")
		for _, s := range m.Settings() {
			fmt.Fprintf(&b, "%s: %s\n", s.Name, s.Value)
		}
		return b.String(), false
	case "quit":
		return "", true
	}
	return "ERROR\n", false
}

// status returns the answer to `stats`. Names that begin with last_ are in seconds
// before now.
func (a *Aggregator) status() string {
	now := seconds(a.o.Now())
	a.mu.Lock()
	defer a.mu.Unlock()
	flushed := a.lastFlush
	if flushed == 0 {
		flushed = a.started
	}
	return fmt.Sprintf("uptime: %d\nmessages.last_msg_seen: %d\nmessages.bad_lines_seen: %d\n"+
		"graphite.last_flush: %d\ngraphite.last_exception: %d\ngraphite.flush_time: %d\ngraphite.flush_length: %d\nEND\n\n",
		now-a.started, now-a.lastSeen, a.badLines, now-flushed, now-a.lastError, a.flushTime, a.flushCount)
}

// health returns, or sets, the health that load balancers ask for.
func (a *Aggregator) health(arguments []string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(arguments) > 0 {
		switch strings.ToLower(arguments[0]) {
		case "up":
			a.down = false
		case "down":
			a.down = true
		}
	}
	if a.down {
		return "health: down\n"
	}
	return "health: up\n"
}

// remove deletes keys by name, or with NAME.* all keys below NAME.
func remove[T any](a *Aggregator, t *table[T], names []string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	for _, name := range names {
		folder, below := strings.CutSuffix(name, "*")
		below = below && strings.HasSuffix(folder, ".")
		found := false
		if t.index[name] != nil || below {
			a.used -= t.remove(func(e *entry[T]) bool {
				if e.key != name && !(below && strings.HasPrefix(e.key, folder)) {
					return false
				}
				found = true
				b.WriteString("deleted: " + e.key + "\n")
				return true
			})
		}
		if !found {
			b.WriteString("metric " + name + " not found\n")
		}
	}
	b.WriteString("END\n\n")
	return b.String()
}

// collect copies a table, so that the lock is not held while it is formatted.
func collect[T, V any](a *Aggregator, t *table[T], value func(*T) V) []named[V] {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]named[V], len(t.order))
	for i, e := range t.order {
		all[i] = named[V]{e.key, value(&e.v)}
	}
	return all
}
