package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// LoadID returns the ID in a file. It writes a new one if there is none. The file
// belongs to the data: by the ID a restarted server finds the elements that it has
// taken and not stored.
func LoadID(path string) (string, error) {
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

// alive returns the key that shows that a server is alive.
func (w *worker) alive(id string) string { return w.list + ":alive:" + id }

// register adds this server to the set of servers and renews its alive key.
func (w *worker) register(c *client) error {
	if _, err := c.do("SADD", w.servers, w.o.ID); err != nil {
		return err
	}
	_, err := c.do("SETEX", w.alive(w.o.ID), strconv.Itoa(int(lease/time.Second)), "1")
	return err
}

// renew registers this server every beat. It has a connection of its own, because
// take may wait for long while the server cannot store.
func (w *worker) renew(stopping, _ context.Context, c *client) error {
	for {
		if err := w.register(c); err != nil {
			return err
		}
		select {
		case <-stopping.Done():
			return nil
		case <-time.After(beat):
		}
	}
}

// adopt moves the elements of servers that are not alive to this server's processing
// list and stores them. If two servers do so at once, each gets a part.
func (s *session) adopt() error {
	list, err := s.do("SMEMBERS", s.servers)
	if err != nil {
		return err
	}
	var ids []string
	for range list.n {
		re, err := s.read()
		if err != nil {
			return err
		}
		if re.text != "" && re.text != s.o.ID {
			ids = append(ids, re.text)
		}
	}
	for _, id := range ids {
		if err := s.adoptFrom(id); err != nil {
			return err
		}
	}
	return nil
}

// adoptFrom adopts the elements of one server, unless it is alive.
func (s *session) adoptFrom(id string) error {
	lives, err := s.do("EXISTS", s.alive(id))
	if err != nil || lives.n == 1 {
		return err
	}
	theirs := s.servers + ":" + id
	left, err := s.do("LLEN", theirs)
	if err != nil {
		return err
	}
	if left.n > 0 {
		s.log.Warn("storing elements that a dead server has taken", "server", id, "elements", left.n)
	}
	for range left.n {
		if _, err := s.do("RPOPLPUSH", theirs, s.processing); err != nil {
			return err
		}
	}
	if err := s.takeUp(); err != nil {
		return err
	}
	if left, err = s.do("LLEN", theirs); err != nil || left.n > 0 {
		return err
	}
	_, err = s.do("SREM", s.servers, id)
	return err
}
