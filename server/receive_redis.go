package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"carbon/instrumentation"
	"carbon/receive"
	"carbon/receive/metricstalk"
	"carbon/receive/plaintext"
	"carbon/receive/redis"

	"golang.org/x/sync/errgroup"
)

// openRedis takes metrics from the lists that metrics_talk's workers took them from.
func (m *Server) openRedis() ([]receiver, error) {
	c := m.config.Redis
	if isOff(c.Address) {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, fmt.Errorf("[redis] ADDRESS: %w", err)
	}
	id, err := m.redisID()
	if err != nil {
		return nil, err
	}
	var encryption *tls.Config
	if c.TLS {
		encryption = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	refused := receive.NewRefused(m.log)
	lines := plaintext.New(plaintext.Options{MaxLine: m.config.Limits.LineLength, Bad: refused.Add})
	messages := metricstalk.New(metricstalk.Options{Prefix: c.Prefix, MaxInflated: m.config.ZeroMQ.MaxInflated, Lines: lines.Read, Bad: refused.Add})
	var workers []*redis.Worker
	for _, list := range []string{c.Incoming, c.Outgoing} {
		if list == "" {
			continue
		}
		workers = append(workers, redis.New(redis.Options{
			Address: c.Address, DB: c.DB, Username: c.Username, Password: c.Password, TLS: encryption,
			List:       list,
			ID:         id,
			Unreliable: !c.Reliable,
			MaxMessage: m.config.ZeroMQ.MaxMessage,
			Message:    messages.Read,
			Push:       m.pipeline.Push,
			Commit:     m.pipeline.Commit,
			Bad:        refused.Add,
			Logger:     m.log,
		}))
	}
	return []receiver{{
		name: "redis",
		serve: func(ctx context.Context) error {
			return together(workers, func(w *redis.Worker) error { return w.Serve(ctx) })
		},
		shutdown: func(ctx context.Context) error {
			return together(workers, func(w *redis.Worker) error { return w.Shutdown(ctx) })
		},
		samples: func() []instrumentation.Sample {
			var all redis.Stats
			connected := 0.0
			for _, w := range workers {
				s := w.Stats()
				all.Elements, all.Rejected, all.TakenUp = all.Elements+s.Elements, all.Rejected+s.Rejected, all.TakenUp+s.TakenUp
				if s.Connected {
					connected++
				}
			}
			samples := []instrumentation.Sample{
				gauge("redis.connected", "Lists in Redis that are taken from.", connected),
				counter("redis.elements", "Elements taken from Redis.", all.Elements),
				counter("redis.takenUp", "Elements of them that an earlier run or another server had left.", all.TakenUp),
				counter("redis.rejected", "Elements of them that could not be read.", all.Rejected),
			}
			return append(samples, byReason("redis.bad", "Elements from Redis, or parts of them, refused, by reason.", refused.Counts())...)
		},
	}}, nil
}

// together does something with all at once.
func together[T any](all []T, do func(T) error) error {
	var doing errgroup.Group
	for _, one := range all {
		doing.Go(func() error { return do(one) })
	}
	return doing.Wait()
}

// redisID is the name of this server among those that take from the same Redis. It
// stays with the data: what this server took and did not store is found by it.
func (m *Server) redisID() (string, error) {
	path := filepath.Join(m.config.Data, "redis.id")
	content, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(content)); err == nil && id != "" {
		return id, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	id := strings.ToLower(rand.Text()[:12])
	if host, err := os.Hostname(); err == nil {
		id = host + "-" + id
	}
	return id, os.WriteFile(path, []byte(id+"\n"), 0o644)
}
