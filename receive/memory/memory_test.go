package memory

import (
	"errors"
	"testing"
)

// connection is a channel that is closed by Close.
type connection chan struct{}

func (c connection) Close() error { close(c); return nil }

func TestTheLongestWaitingLosesItsMemory(t *testing.T) {
	p := New(100)
	conns := make([]connection, 3)
	claims := make([]*Claim, 3)
	for i := range claims {
		conns[i] = make(connection)
		claims[i] = p.Claim(conns[i])
		if err := claims[i].Resize(30); err != nil {
			t.Fatal(err)
		}
	}
	claims[0].Touch()
	if err := claims[2].Resize(60); err != nil {
		t.Error(err)
	}
	<-conns[1]
	if claims[0].Lost() || !claims[1].Lost() || claims[2].Lost() {
		t.Errorf("lost: %v %v %v", claims[0].Lost(), claims[1].Lost(), claims[2].Lost())
	}
	if err := claims[1].Resize(10); !errors.Is(err, ErrLost) {
		t.Errorf("a lost claim was resized: %v", err)
	}
	if n := p.Taken(); n != 90 {
		t.Errorf("%d bytes are claimed", n)
	}
	for _, c := range claims {
		c.Release()
	}
	if n := p.Taken(); n != 0 {
		t.Errorf("%d bytes are claimed after all were released", n)
	}
	if err := claims[0].Resize(101); !errors.Is(err, ErrLost) {
		t.Errorf("a claim over the limit: %v", err)
	}
	if err := claims[0].Resize(100); err != nil {
		t.Error(err)
	}
}
