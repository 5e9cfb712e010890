package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

const (
	udpRate  = 300_000 // lines a second
	udpTime  = 10 * time.Second
	udpLines = 20 // in a datagram, as from clients that buffer
)

// datagrams measures which share of lines is lost at udpRate.
func (b *bench) datagrams(ctx context.Context) error {
	var lost []float64
	for range b.runs {
		share, err := b.loseDatagrams(ctx)
		if err != nil {
			return err
		}
		lost = append(lost, share)
	}
	b.add(newRow("ingest UDP, lost", "%", lost, fmt.Sprintf("%d lines a second for %v, %d in a datagram", udpRate, udpTime, udpLines)))
	return nil
}

func (b *bench) loseDatagrams(ctx context.Context) (percent float64, err error) {
	p, addr, done, err := b.withListener(ctx, "udp")
	if err != nil {
		return 0, err
	}
	defer done()
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	var ready [][]byte
	now := time.Now().Unix()
	for i := 0; i < 100_000; i += udpLines {
		var datagram []byte
		for j := range udpLines {
			datagram = fmt.Appendf(datagram, "%s %d %d\n", metricName(i+j), j, now)
		}
		ready = append(ready, datagram)
	}
	sent, begin := 0, time.Now()
	for total := b.size(udpRate * int(udpTime/time.Second)); sent < total; {
		for due := min(total, int(time.Since(begin).Seconds()*udpRate)); sent < due; sent += udpLines {
			if _, err := conn.Write(ready[sent/udpLines%len(ready)]); err != nil {
				return 0, err
			}
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := settle(ctx, p.PID(), 30*time.Second); err != nil {
		return 0, err
	}
	taken, err := counter(ctx, p, "carbon_bench_datapoints_total")
	if err != nil {
		return 0, err
	}
	return 100 * (1 - float64(taken)/float64(sent)), nil
}
