package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"carbon/test/launch"
)

// messagePoints is the number of points sent as messages of metrics_talk.
const messagePoints = 1_000_000

// messages makes messages as metrics_talk sends them: compressed JSON with perMessage
// metrics each.
func messages(points, perMessage int) [][]byte {
	const series = 1000
	var all [][]byte
	var deflated bytes.Buffer
	w := zlib.NewWriter(&deflated)
	begin := time.Now().Unix() - int64(points/series)*ingestStep
	for i := 0; i < points; i += perMessage {
		deflated.Reset()
		w.Reset(&deflated)
		for j := i; j < i+perMessage; j++ {
			separator := ", "
			if j == i {
				separator = "["
			}
			fmt.Fprintf(w, `%s{"name": %q, "value": %v, "time": %d.25}`, separator, metricName(j%series), value(j%series, j/series), begin+int64(j/series)*ingestStep)
		}
		w.Write([]byte("]"))
		w.Close()
		all = append(all, bytes.Clone(deflated.Bytes()))
	}
	return all
}

// talk measures the CPU time of metrics_talk's messages, over ZeroMQ and from Redis.
func (b *bench) talk(ctx context.Context) error {
	for _, perMessage := range []int{1, 100} {
		sent := messages(b.size(messagePoints), perMessage)
		label := fmt.Sprintf(", %d a message", perMessage)
		for _, way := range []struct {
			name string
			take func(context.Context, [][]byte) (float64, error)
		}{{"ingest ZeroMQ", b.takeZeroMQ}, {"ingest Redis", b.takeRedis}} {
			if _, err := exec.LookPath("redis-server"); err != nil && way.name == "ingest Redis" {
				b.add(skippedRow(way.name+label, "redis-server is not installed"))
				continue
			}
			var own []float64
			for range b.runs {
				cpu, err := way.take(ctx, sent)
				if err != nil {
					return err
				}
				own = append(own, cpu/float64(len(sent)*perMessage)*1e6)
			}
			b.add(newRow(way.name+label, "CPU s/M points", own, "compressed JSON, the log is on"))
		}
	}
	return nil
}

// startTalk starts a server with settings and waits until it is idle.
func (b *bench) startTalk(ctx context.Context, settings ...string) (p *process, before usage, err error) {
	dir, err := b.tempDir("talk")
	if err != nil {
		return nil, before, err
	}
	if p, err = ours(b.binary, append(settings, beforeStoring...)...).start(ctx, dir, retention); err != nil {
		os.RemoveAll(dir)
		return nil, before, err
	}
	before, err = settle(ctx, p.PID(), 10*time.Second)
	return p, before, err
}

// endTalk waits until a counter of the server has the number of messages, and returns
// their cost in CPU seconds.
func endTalk(ctx context.Context, p *process, before usage, figure string, messages int) (float64, error) {
	err := p.Until(ctx, 5*time.Minute, "all messages are received", func() bool {
		n, err := counter(ctx, p, figure)
		return err == nil && n == int64(messages)
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", figure, err)
	}
	after, err := settle(ctx, p.PID(), 30*time.Second)
	return after.since(before).cpu, err
}

// takeZeroMQ sends messages over one connection, in the protocol of libzmq 2.
func (b *bench) takeZeroMQ(ctx context.Context, messages [][]byte) (float64, error) {
	ports, err := launch.FreeAddrs(1)
	if err != nil {
		return 0, err
	}
	p, before, err := b.startTalk(ctx, "zeromq.LISTEN="+ports[0])
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(p.data)
	defer p.Kill()
	conn, err := net.Dial("tcp", ports[0])
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	stream := []byte{1, 0}
	for _, m := range messages {
		stream = append(stream, 0xFF)
		stream = binary.BigEndian.AppendUint64(stream, uint64(len(m)+1))
		stream = append(append(stream, 0), m...)
	}
	if _, err := conn.Write(stream); err != nil {
		return 0, err
	}
	return endTalk(ctx, p, before, "carbon_zeromq_messages_total", len(messages))
}

// takeRedis puts the messages into a Redis of its own before it starts the server.
func (b *bench) takeRedis(ctx context.Context, messages [][]byte) (float64, error) {
	ports, err := launch.FreeAddrs(1)
	if err != nil {
		return 0, err
	}
	dir, err := b.tempDir("redis")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	_, port, _ := net.SplitHostPort(ports[0])
	redis := &process{line: ports[0], data: filepath.Join(dir, "redis")}
	if redis, err = redis.start(ctx, "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", ""); err != nil {
		return 0, err
	}
	defer redis.Kill()
	if err := fillRedis(ports[0], messages); err != nil {
		return 0, err
	}
	p, _, err := b.startTalk(ctx, "redis.ADDRESS="+ports[0])
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(p.data)
	defer p.Kill()
	return endTalk(ctx, p, usage{}, "carbon_redis_elements_total", len(messages))
}

// fillRedis pushes elements to the list incoming, many per command.
func fillRedis(addr string, elements [][]byte) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	const many = 1000
	for len(elements) > 0 {
		n := min(many, len(elements))
		var command bytes.Buffer
		fmt.Fprintf(&command, "*%d\r\n$5\r\nLPUSH\r\n$8\r\nincoming\r\n", 2+n)
		for _, e := range elements[:n] {
			fmt.Fprintf(&command, "$%d\r\n%s\r\n", len(e), e)
		}
		if _, err := conn.Write(command.Bytes()); err != nil {
			return err
		}
		reply := make([]byte, 64)
		if got, err := conn.Read(reply); err != nil || reply[0] != ':' {
			return fmt.Errorf("redis: %q, %v", reply[:got], err)
		}
		elements = elements[n:]
	}
	return nil
}
