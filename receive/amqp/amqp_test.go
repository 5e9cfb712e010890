package amqp

import (
	"context"
	"net"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestLines(t *testing.T) {
	f := func(inBody bool, key, body, want string) {
		t.Helper()
		c := New(Options{NameInBody: inBody})
		if got := string(c.appendLines(nil, amqp.Delivery{RoutingKey: key, Body: []byte(body)})); got != want {
			t.Errorf("%q %q: got %q, want %q", key, body, got, want)
		}
	}
	f(false, "a.b", "1 2", "a.b 1 2\n")
	f(false, "a.b", "1 2\r\n\n 3 4 \n", "a.b 1 2\na.b 3 4\n")
	f(false, "a b", "1 2", "a_b 1 2\n")
	f(false, "a", "", "")
	f(true, "x", "a 1 2\nb 3 4", "a 1 2\nb 3 4\n")
	f(true, "x", "a 1 2\n", "a 1 2\n")
	f(true, "x", "", "")
}

// TestShutdownWithoutBroker shuts down while a peer is silent, and while nothing
// listens.
func TestShutdownWithoutBroker(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	accepted := make(chan struct{})
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			select {
			case accepted <- struct{}{}:
			default:
			}
		}
	}()
	consumer := New(Options{Host: "127.0.0.1", Port: silent.Addr().(*net.TCPAddr).Port})
	go consumer.Serve(t.Context())
	<-accepted
	ctx, cancel := context.WithTimeout(t.Context(), 2*dialTime)
	defer cancel()
	if err := consumer.Shutdown(ctx); err != nil {
		t.Errorf("silent: %v", err)
	}

	if err := New(Options{}).Shutdown(t.Context()); err != nil {
		t.Errorf("not served: %v", err)
	}
	away := New(Options{Host: "127.0.0.1", Port: 1})
	go away.Serve(t.Context())
	for begin := time.Now(); away.loop.Failures() == 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("no failure is counted")
		}
	}
	if err := away.Shutdown(ctx); err != nil {
		t.Errorf("away: %v", err)
	}
}
