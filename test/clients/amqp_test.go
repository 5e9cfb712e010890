//go:build linux

package clients

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"carbon/test/launch"

	amqp "github.com/rabbitmq/amqp091-go"
)

// broker is Debian's RabbitMQ on ports of its own.
type broker struct {
	t    *testing.T
	dir  string
	port string
	env  []string
	run  *launch.Process // nil while it does not run
}

func newBroker(t *testing.T) *broker {
	t.Helper()
	need(t, "test", "-x", "/usr/lib/rabbitmq/bin/rabbitmq-server")
	b := &broker{t: t, dir: t.TempDir(), port: freePort(t)}
	epmd := freePort(t)
	b.env = append(os.Environ(), "HOME="+b.dir, "ERL_EPMD_PORT="+epmd, "ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_NODENAME=carbon"+b.port+"@localhost", "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT="+b.port, "RABBITMQ_DIST_PORT="+freePort(t),
		"RABBITMQ_MNESIA_BASE="+b.dir+"/mnesia", "RABBITMQ_LOG_BASE="+b.dir+"/log", "RABBITMQ_LOGS=-",
		"RABBITMQ_CONFIG_FILE="+b.dir+"/none", "RABBITMQ_ENABLED_PLUGINS_FILE="+b.dir+"/plugins", "RABBITMQ_PID_FILE="+b.dir+"/pid")
	t.Cleanup(func() {
		b.kill()
		kill := exec.Command("epmd", "-port", epmd, "-kill")
		kill.Env = b.env
		kill.Run()
	})
	return b
}

// start starts the broker and returns when clients can connect.
func (b *broker) start() {
	b.t.Helper()
	cmd := exec.Command("/usr/lib/rabbitmq/bin/rabbitmq-server")
	cmd.Env = b.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run, err := launch.Start(cmd)
	if err != nil {
		b.t.Fatal(err)
	}
	b.run = run
	err = run.Until(context.Background(), 2*launch.Patience, "RabbitMQ accepts connections", func() bool {
		time.Sleep(50 * time.Millisecond)
		conn, err := amqp.Dial("amqp://guest:guest@127.0.0.1:" + b.port + "/")
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// kill kills all processes of the broker.
func (b *broker) kill() {
	if b.run != nil {
		_ = syscall.Kill(-b.run.PID(), syscall.SIGKILL)
		<-b.run.Ended()
		b.run = nil
	}
}

// publish publishes durable messages, and returns when the broker has them.
func (b *broker) publish(messages map[string]string) {
	b.t.Helper()
	conn, err := amqp.Dial("amqp://guest:guest@127.0.0.1:" + b.port + "/")
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := ch.Confirm(false); err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), launch.Patience)
	defer cancel()
	for key, body := range messages {
		confirmed, err := ch.PublishWithDeferredConfirmWithContext(ctx, "graphite", key, false, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(body)})
		if err != nil {
			b.t.Fatal(err)
		}
		if ok, err := confirmed.WaitContext(ctx); err != nil || !ok {
			b.t.Fatalf("not confirmed: %v", err)
		}
	}
}

// TestAMQP consumes messages of a RabbitMQ. Broker and server are killed and started
// again. Messages published while the server is down are not lost.
func TestAMQP(t *testing.T) {
	b := newBroker(t)
	s := newSite(t, "cache.ENABLE_AMQP=True", "cache.AMQP_HOST=127.0.0.1", "cache.AMQP_PORT="+b.port, "cache.AMQP_QUEUE=metrics")
	v := s.start() // before the broker
	b.start()
	connected := func() {
		launch.Until(t, "the server is connected", func() bool { return v.figure("carbon_amqp_connected") == 1 })
	}
	connected()
	now := time.Now().Unix()
	b.publish(map[string]string{"q.a": fmt.Sprintf("1 %d\nbad\n2.5 %d\n", now, now+1)})
	v.has("q.a", now, 1)
	v.has("q.a", now+1, 2.5)

	v.Kill()
	b.publish(map[string]string{"q.away": fmt.Sprintf("3 %d", now)})
	b.kill()
	v = s.start()
	v.has("q.a", now, 1)
	b.start()
	v.has("q.away", now, 3)
	connected()
	messages := map[string]string{}
	for i := range 500 {
		messages[fmt.Sprintf("q.many.m%d", i)] = fmt.Sprintf("%d %d", i, now)
	}
	b.publish(messages)
	launch.Until(t, "all messages are received", func() bool { return len(v.points("q.many.*", now)) == len(messages) })
	v.stop()
}
