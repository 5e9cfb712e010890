package zmtp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// serve has a publisher serve a new connection. ended has its error.
func serve(t *testing.T, p *Publisher) (peer *net.TCPConn, ended <-chan error) {
	t.Helper()
	ours, theirs := connection(t)
	done := make(chan error, 1)
	go func() {
		err := p.Serve(ours)
		ours.Close()
		done <- err
	}()
	return theirs, done
}

// wantBytes checks the next bytes of a connection.
func wantBytes(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(r, got)
	if !bytes.Equal(got[:n], want) {
		t.Fatalf("read %q, %v; want %q", got[:n], err, want)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

func text(frames ...string) [][]byte {
	var list [][]byte
	for _, f := range frames {
		list = append(list, []byte(f))
	}
	return list
}

// wants reports whether the only subscriber of p wants a message.
func wants(p *Publisher) []string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for s := range p.subscribers {
		s.mu.Lock()
		defer s.mu.Unlock()
		list := []string{}
		for topic := range s.topics.count {
			list = append(list, topic)
		}
		return list
	}
	return nil
}

// TestSubscribersOfAllVersions replays what libzmq's subscribers have sent. They must
// get what libzmq's publisher has sent them.
func TestSubscribersOfAllVersions(t *testing.T) {
	vectors := loadVectors(t)
	const message = "info|Gauge|a|1|1700000000|s"

	t.Run("2", func(t *testing.T) {
		v := vectors["zmtp2-sub-to-pub"]
		p := NewPublisher(0, Options{})
		peer, _ := serve(t, p)
		peer.Write(v.Data)
		until(t, "subscribed", func() bool { return len(wants(p)) == 1 })
		p.Publish(text(message))
		p.Publish(text("other"))
		p.Publish(text(message))
		wantBytes(t, peer, v.Peer)
	})

	t.Run("3", func(t *testing.T) {
		v := vectors["zmtp3-sub-to-pub"]
		ping := command("PING", []byte("\x00\x00"))
		first := bytes.Index(v.Data, ping)
		p := NewPublisher(0, Options{})
		peer, _ := serve(t, p)
		peer.Write(v.Data[:first])
		until(t, "subscribed", func() bool { return len(wants(p)) == 2 })
		peer.Write(ping)
		pong := bytes.Index(v.Peer, command("PONG", nil)) + len(command("PONG", nil))
		wantBytes(t, peer, v.Peer[:pong])
		p.Publish(text(message))
		p.Publish(text("other"))
		p.Publish(text("crit|1", "two"))
		wantBytes(t, peer, v.Peer[pong:len(v.Peer)-2*len(command("PONG", nil))])
		peer.Write(v.Data[first+len(ping):])
		until(t, "canceled", func() bool { return len(wants(p)) == 1 })
		wantBytes(t, peer, append(command("PONG", nil), command("PONG", nil)...))
		p.Publish(text("crit|2"))
		p.Publish(text("info|2"))
		wantBytes(t, peer, []byte("\x00\x06info|2"))
	})

	t.Run("1", func(t *testing.T) {
		p := NewPublisher(0, Options{})
		peer, _ := serve(t, p)
		peer.Write(vectors["zmtp1-sub-to-pub"].Data)
		until(t, "there", func() bool { return p.Stats().Subscribers == 1 })
		p.Publish(text("anything", "more"))
		p.Publish(text(string(make([]byte, 300))))
		wantBytes(t, peer, append(append(signature, "\x09\x01anything\x05\x00more\xff\x00\x00\x00\x00\x00\x00\x01\x2d\x00"...), make([]byte, 300)...))
	})
}

func TestSubscriptionsAreCounted(t *testing.T) {
	var topics topics
	f := func(frame string, want bool) {
		t.Helper()
		if got := topics.match([]byte(frame)); got != want {
			t.Errorf("match %q: %v", frame, got)
		}
	}
	f("crit", false)
	topics.add([]byte("crit"))
	topics.add([]byte("crit"))
	topics.add([]byte("info|"))
	f("crit", true)
	f("critical|x", true)
	f("cri", false)
	f("info", false)
	f("info|", true)
	topics.remove([]byte("crit"))
	f("critical", true)
	topics.remove([]byte("crit"))
	topics.remove([]byte("crit"))
	f("critical", false)
	f("info|x", true)
	topics.add(nil)
	f("", true)
	f("x", true)
	topics.remove(nil)
	f("x", false)
	f("info|x", true)
}

func TestTooManySubscriptionsEndTheConnection(t *testing.T) {
	p := NewPublisher(0, Options{})
	peer, ended := serve(t, p)
	go io.Copy(io.Discard, peer)
	go func() {
		peer.Write(greeting3("SUB"))
		for i := range maxTopics + 1 {
			peer.Write(command("SUBSCRIBE", fmt.Append(nil, i)))
		}
	}()
	var e *Error
	if err := <-ended; !errors.As(err, &e) || e.Reason != Subscriptions {
		t.Errorf("error %v", err)
	}
}

// TestSlowSubscriberDelaysNoOther has a subscriber that never reads, and one that does.
func TestSlowSubscriberDelaysNoOther(t *testing.T) {
	p := NewPublisher(10, Options{})
	slow, ended := serve(t, p)
	slow.Write(append(greeting3("SUB"), command("SUBSCRIBE", nil)...))
	quick, _ := serve(t, p)
	quick.Write(append(greeting3("SUB"), command("SUBSCRIBE", nil)...))
	until(t, "both subscribed", func() bool {
		p.mu.RLock()
		defer p.mu.RUnlock()
		n := 0
		for s := range p.subscribers {
			s.mu.Lock()
			n += len(s.topics.count)
			s.mu.Unlock()
		}
		return n == 2
	})
	wantBytes(t, quick, greeting3("PUB"))
	message := bytes.Repeat([]byte("x"), 1<<20)
	frame := appendFrame(nil, v31, 0, message)
	for i := range 50 {
		p.Publish([][]byte{message})
		if i%5 == 4 { // within what its queue holds
			wantBytes(t, quick, bytes.Repeat(frame, 5))
		}
	}
	stats := p.Stats()
	if stats.Dropped < 25 || stats.Sent < 60 || stats.Sent+stats.Dropped != 100 || stats.Waiting > 90<<20 {
		t.Errorf("stats %+v", stats)
	}
	slow.Close()
	<-ended
	if got := p.Stats(); got.Subscribers != 1 {
		t.Errorf("stats %+v", got)
	}
	quick.Close()
	until(t, "all left", func() bool { return p.Stats().Waiting == 0 && p.Stats().Subscribers == 0 })
}

func TestFlushWaitsForSubscribers(t *testing.T) {
	p := NewPublisher(0, Options{})
	if err := p.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	peer, _ := serve(t, p)
	peer.Write(append(greeting3("SUB"), command("SUBSCRIBE", nil)...))
	until(t, "subscribed", func() bool { return len(wants(p)) == 1 })
	message := bytes.Repeat([]byte("x"), 1<<20)
	for range 20 {
		p.Publish([][]byte{message})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := p.Flush(ctx); err == nil {
		t.Error("flushed to a peer that does not read")
	}
	go io.Copy(io.Discard, peer)
	if err := p.Flush(t.Context()); err != nil {
		t.Error(err)
	}
}

// FuzzPublisher has a subscriber send any bytes.
func FuzzPublisher(f *testing.F) {
	for _, v := range loadVectors(f) {
		f.Add(v.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p := NewPublisher(2, Options{MaxMessage: 1 << 16})
		go p.Publish(text("a"))
		p.Serve(&recorded{r: bytes.NewReader(data)})
		if got := p.Stats(); got.Waiting != 0 || got.Subscribers != 0 {
			t.Errorf("stats %+v", got)
		}
	})
}
