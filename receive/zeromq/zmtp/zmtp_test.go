package zmtp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"carbon/receive/memory"
)

// vector is what one peer has sent on a connection with libzmq, and the other has done.
type vector struct {
	ID   string `json:"id"`
	Data []byte `json:"data_b64"`
	Peer []byte `json:"peer_b64"`
}

func loadVectors(t testing.TB) map[string]vector {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	vectors := map[string]vector{}
	for _, v := range list {
		vectors[v.ID] = v
	}
	return vectors
}

// connection returns both ends of a TCP connection.
func connection(t testing.TB) (ours, theirs *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	theirs = c.(*net.TCPConn)
	theirs.SetReadDeadline(time.Now().Add(10 * time.Second))
	return s.(*net.TCPConn), theirs
}

// hear has a subscriber read what a peer sends. It returns the messages, with frames
// joined by '+', what the peer was sent, and the error at the end.
func hear(t testing.TB, data []byte, o Options) (messages []string, sent []byte, err error) {
	t.Helper()
	ours, theirs := connection(t)
	go func() {
		theirs.Write(data)
		theirs.CloseWrite()
	}()
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		sent, _ = io.ReadAll(theirs)
	}()
	var c *Conn
	if c, err = Handshake(ours, Sub, o); err == nil {
		c.Subscribe("")
		for {
			var frames [][]byte
			if frames, err = c.ReadMessage(); err != nil {
				break
			}
			messages = append(messages, string(bytes.Join(frames, []byte("+"))))
		}
	}
	ours.Close()
	<-heard
	return messages, sent, err
}

// TestPublishersOfAllVersions replays what libzmq's publishers have sent. They must get
// what libzmq's subscriber has sent.
func TestPublishersOfAllVersions(t *testing.T) {
	vectors := loadVectors(t)
	for id, want := range map[string][]string{
		"zmtp3-pub-to-sub": {string(vectors["zmtp3-pub-to-sub"].Data[93:])},
		"zmtp2-pub-to-sub": {string(vectors["zmtp2-pub-to-sub"].Data[16:])},
		"zmtp1-pub-to-sub": {string(vectors["zmtp1-pub-to-sub"].Data[4:])},
		"zmtp1-long-frame": {strings.Repeat("x", 300), ""},
	} {
		v := vectors[id]
		got, sent, err := hear(t, v.Data, Options{})
		if !slices.Equal(got, want) || err != io.EOF {
			t.Errorf("%s: got %q, %v", id, got, err)
		}
		if !bytes.Equal(sent, v.Peer) {
			t.Errorf("%s: sent %q, libzmq %q", id, sent, v.Peer)
		}
		// Chunks of any size give the same result.
		for n := range v.Data {
			got, _, err := hear(t, v.Data[:n], Options{})
			if err == nil || len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
				t.Errorf("%s, %d bytes of it: %q, %v", id, n, got, err)
			}
		}
	}
}

// greeting3 returns the greeting of a peer of ZMTP 3.1.
func greeting3(kind string) []byte {
	b := append([]byte{}, signature...)
	b = append(b, 3, 1)
	b = append(b, "NULL"...)
	b = append(b, make([]byte, 16+1+31)...)
	return append(b, command("READY", property("Socket-Type", kind))...)
}

func join(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case []byte:
			b = append(b, p...)
		case string:
			b = append(b, p...)
		}
	}
	return b
}

func TestMessages(t *testing.T) {
	f := func(stream []byte, want ...string) {
		t.Helper()
		got, _, err := hear(t, stream, Options{})
		if !slices.Equal(got, want) || err != io.EOF {
			t.Errorf("%q: got %.40q, %v", stream[:min(len(stream), 200)], got, err)
		}
	}
	long := strings.Repeat("long ", 50_000)
	pub := greeting3("PUB")
	message := func(frames ...string) []byte {
		var list [][]byte
		for _, f := range frames {
			list = append(list, []byte(f))
		}
		return appendMessage(nil, v31, list)
	}
	f(pub)
	f(join(pub, message("a"), message(""), message("b")), "a", "", "b")
	f(join(pub, message("a", "", "bc"), message("d")), "a++bc", "d")
	f(join(pub, message(long), message("x", long, "y"), message("z")), long, "x+"+long+"+y", "z")
	f(join(greeting3("XPUB"), message("a")), "a")
	f(join(pub, "\x02\x00\x00\x00\x00\x00\x00\x00\x01a"), "a") // a long length, needlessly
	f(join(pub, message("a"), command("PING", []byte("\x00\x00context")), command("UNKNOWN", []byte("?")), message("b")), "a", "b")
	f(join(pub, "\x01\x01a", command("PING", []byte("\x00\x00")), "\x00\x01b"), "a+b")
	f(join(signature, "\x01\x09\x00\x05ident", "\x00\x01a"), "a")
	f(join("\x06\x00ident", "\x02\x00a", "\x02\x01b\x02\x00c"), "a", "b+c")
	f(join("\xff\x00\x00\x00\x00\x00\x00\x00\x06\x00ident", "\x02\x00a"), "a") // as other implementations write it
}

func TestPingIsAnswered(t *testing.T) {
	_, sent, _ := hear(t, join(greeting3("PUB"), command("PING", []byte("\x00\x0acontext"))), Options{})
	if !bytes.HasSuffix(sent, command("PONG", []byte("context"))) {
		t.Errorf("sent %q", sent)
	}
}

func TestHostilePeers(t *testing.T) {
	f := func(stream []byte, reason string) {
		t.Helper()
		got, _, err := hear(t, stream, Options{MaxMessage: 1000})
		var e *Error
		if len(got) > 0 || !errors.As(err, &e) || e.Reason != reason {
			t.Errorf("%q: got %.40q, %v; want %q", stream[:min(len(stream), 200)], got, err, reason)
		}
	}
	vectors := loadVectors(t)
	pub := greeting3("PUB")
	f(vectors["zmtp3-huge-frame"].Data, TooLong)
	f(vectors["zmtp-http-client"].Data, BadGreeting)
	f([]byte("\x00\x00"), BadGreeting)
	f([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"), BadGreeting)
	f([]byte("\xff\x00\x00\x00\x00\x00\x01\x00\x00\x00"), BadGreeting)
	f(greeting3("SUB"), BadType)
	f(greeting3("DEALER"), BadType)
	f(greeting3(""), BadType)
	f(join(signature, "\x01\x08\x00\x00"), BadType)
	f(join(signature, "\x01\x01\x02\x7f\xff\xff\xff\xff\xff\xff\xff"), BadGreeting)
	f(join(signature, "\x03\x00CURVE", make([]byte, 15+32)), BadMechanism)
	f(join(pub[:64], "\x00\x01a"), BadCommand)
	f(join(pub[:64], "\x04\x00"), BadCommand)
	f(join(pub[:64], "\x04\x02\x7fa"), BadCommand)
	f(join(pub[:64], "\x06\x7f\xff\xff\xff\xff\xff\xff\xff"), BadCommand)
	f(join(pub[:64], command("READY", []byte("\x0bSocket-Type\xff\xff\xff\xffPUB"))), BadCommand)
	f(join(pub[:64], command("READY", []byte("\xffSocket-Type"))), BadCommand)
	f(join(pub[:64], command("HELLO", nil)), BadCommand)
	f(join(pub[:64], command("ERROR", []byte("\x02no"))), PeerError)
	f(join(pub, command("ERROR", []byte("\x02no"))), PeerError)
	f(join(pub, command("PING", []byte("\x00"))), BadCommand)
	f(join(pub, "\x05\x00"), BadFrame) // a command goes on
	f(join(pub, "\x06\x7f\xff\xff\xff\xff\xff\xff\xff"), BadCommand)
	f(join(pub, "\x02\x00\x00\x00\x00\x00\x00\x03\xe9"), TooLong)
	f(join(pub, "\x01\xff", make([]byte, 255), "\x02\x00\x00\x00\x00\x00\x00\x02\xea"), TooLong)
	f(join(pub, bytes.Repeat([]byte("\x01\x00"), 2000)), TooMany)
	f(join("\x01\x00", "\x00\x00"), BadFrame)
	f(join("\x01\x00", "\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00"), BadFrame)
	f(join("\x01\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"), TooLong)
}

// TestAnnouncedLengthsTakeNoMemory has many peers announce messages of the maximum
// length and send little of them.
func TestAnnouncedLengthsTakeNoMemory(t *testing.T) {
	const peers = 50
	before := heap()
	for range peers {
		ours, theirs := connection(t)
		theirs.Write(join(greeting3("PUB"), "\x02\x00\x00\x00\x00\x40\x00\x00\x00abc"))
		c, err := Handshake(ours, Sub, Options{MaxMessage: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := c.ReadMessage()
			done <- err
		}()
		theirs.CloseWrite()
		if err := <-done; err != io.ErrUnexpectedEOF {
			t.Errorf("error %v", err)
		}
		defer runtime.KeepAlive(c)
	}
	if used := heap() - before; used > peers*100<<10 {
		t.Errorf("%d bytes in use", used)
	}
}

// TestStalledPeerLosesItsMemory has two peers stop within long messages that do not
// fit the memory together.
func TestStalledPeerLosesItsMemory(t *testing.T) {
	pool := memory.New(1 << 20)
	o := Options{MaxMessage: 1 << 20, Memory: pool}
	begin := func() (ended chan error, peer *net.TCPConn) {
		ours, theirs := connection(t)
		theirs.Write(join(greeting3("PUB"), "\x02\x00\x00\x00\x00\x00\x0c\x00\x00", make([]byte, 600<<10))) // of 768 KiB
		c, err := Handshake(ours, Sub, o)
		if err != nil {
			t.Fatal(err)
		}
		ended = make(chan error)
		go func() {
			_, err := c.ReadMessage()
			c.Release()
			ended <- err
		}()
		return ended, theirs
	}
	first, _ := begin()
	for pool.Taken() < 600<<10 {
		runtime.Gosched()
	}
	second, peer := begin()
	var e *Error
	if err := <-first; !errors.As(err, &e) || e.Reason != OutOfMemory {
		t.Errorf("error %v", err)
	}
	peer.Write(make([]byte, 168<<10))
	if err := <-second; err != nil {
		t.Error(err)
	}
	if n := pool.Taken(); n != 0 {
		t.Errorf("%d bytes are claimed", n)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestSilentPeerIsClosed(t *testing.T) {
	ours, theirs := connection(t)
	_, err := Handshake(ours, Sub, Options{HandshakeTime: 20 * time.Millisecond})
	var e *Error
	if !errors.As(err, &e) || e.Reason != TooSlow {
		t.Errorf("error %v", err)
	}
	if sent, _ := io.ReadAll(theirs); !bytes.Equal(sent, signature) {
		t.Errorf("sent %q", sent)
	}
}

// TestPeerThatClosesIsReadToItsEnd has a peer that closes without reading, so that
// writing to it fails.
func TestPeerThatClosesIsReadToItsEnd(t *testing.T) {
	ours, theirs := connection(t)
	theirs.Write(join(greeting3("PUB"), "\x00\x01a", command("PING", []byte("\x00\x00")), "\x00\x01b"))
	theirs.Close()
	c, err := Handshake(ours, Sub, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.Subscribe("")
	for _, want := range []string{"a", "b"} {
		if got, err := c.ReadMessage(); err != nil || string(got[0]) != want {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

func TestReady(t *testing.T) {
	ours, theirs := connection(t)
	theirs.Write(join(greeting3("PUB"), "\x00\x01a\x00\x01b\x00\x02c"))
	c, err := Handshake(ours, Sub, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.ReadMessage()
	if !c.Ready() {
		t.Error("the second message is not ready")
	}
	c.ReadMessage()
	if c.Ready() {
		t.Error("half a message is ready")
	}
}

// FuzzSubscriber has a publisher send any bytes.
func FuzzSubscriber(f *testing.F) {
	for _, v := range loadVectors(f) {
		f.Add(v.Data)
	}
	f.Add(join(greeting3("PUB"), "\x01\x01a", command("PING", []byte("\x00\x00")), "\x00\x01b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Handshake(&recorded{r: bytes.NewReader(data)}, Sub, Options{MaxMessage: 1 << 16})
		if err != nil {
			return
		}
		c.Subscribe("")
		for {
			frames, err := c.ReadMessage()
			if err != nil {
				return
			}
			size := 0
			for _, f := range frames {
				size += len(f)
			}
			if len(frames) == 0 || size > 1<<16 || len(frames) > maxFrames {
				t.Fatalf("%d frames of %d bytes", len(frames), size)
			}
			c.Ready()
		}
	})
}

// recorded is a connection whose peer has sent something and reads nothing.
type recorded struct {
	net.Conn
	r io.Reader
}

func (c *recorded) Read(p []byte) (int, error)       { return c.r.Read(p) }
func (c *recorded) Write(p []byte) (int, error)      { return len(p), nil }
func (c *recorded) SetWriteDeadline(time.Time) error { return nil }
func (c *recorded) Close() error                     { return nil }
