package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"
)

// result is what a load cost and what became of its points.
type result struct {
	sent, found, missing, wrong int
	cpu                         float64 // seconds, user and system, while the load ran
	elapsed                     time.Duration
	peakRSS, disk               int64 // bytes
}

const metricsPerHost = 100

func metricName(load string, i int) string {
	return fmt.Sprintf("bench.%s.host%04d.metric%02d", load, i/metricsPerHost, i%metricsPerHost)
}

// value is what metric i has in round r, so that a reader can tell a wrong one.
func value(i, r int) float64 { return float64(i) + float64(r)/8 }

// measure starts a server, sends it the load, reads everything back while it runs, and stops it.
func measure(ctx context.Context, binary, dir string, l load) (result, error) {
	s, err := startServer(ctx, binary, dir+"/"+l.name, l.interval)
	if err != nil {
		return result{}, err
	}
	defer s.stop()

	begin := time.Now()
	// Each round has its own slot of time, whenever in the minute the load starts.
	first := begin.Truncate(l.interval)
	senders, sending := errgroup.WithContext(ctx)
	for c := range l.connections {
		senders.Go(func() error { return send(sending, s.line, l, c, begin, first) })
	}
	if err := senders.Wait(); err != nil {
		return result{}, err
	}
	r := result{sent: l.metrics * l.rounds, elapsed: time.Since(begin)}
	if r.cpu, r.peakRSS, err = s.usage(); err != nil {
		return r, err
	}
	if err := verify(ctx, s.url, l, first, &r); err != nil {
		return r, err
	}
	r.disk, err = s.diskUsage()
	return r, err
}

// send is connection c of the load: the metrics i with i%connections == c.
func send(ctx context.Context, addr string, l load, c int, begin, first time.Time) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	out := bufio.NewWriter(conn)
	const slices = 60 // of an interval; what is due in each is written at once
	for r := range l.rounds {
		at := first.Add(time.Duration(r) * l.interval).Unix()
		for slice := range slices {
			due := begin.Add(time.Duration(r)*l.interval + l.interval*time.Duration(slice)/slices)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Until(due)):
			}
			for i := c; i < l.metrics; i += l.connections {
				if i/l.connections%slices == slice {
					fmt.Fprintf(out, "%s %g %d\n", metricName(l.name, i), value(i, r), at)
				}
			}
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
	// The server closes when it has read to the end.
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}

// verify reads every metric back by /render and counts into r.
func verify(ctx context.Context, base string, l load, first time.Time, r *result) error {
	from := first.Add(-l.interval).Unix()
	until := first.Add(time.Duration(l.rounds) * l.interval).Unix()
	for host := 0; host*metricsPerHost < l.metrics; host++ {
		query := url.Values{
			"target": {fmt.Sprintf("bench.%s.host%04d.*", l.name, host)}, "format": {"json"},
			"from": {fmt.Sprint(from)}, "until": {fmt.Sprint(until)},
		}
		var series []struct {
			Target     string
			Datapoints [][2]*float64
		}
		if err := getJSON(ctx, base+"/render?"+query.Encode(), &series); err != nil {
			return err
		}
		byName := map[string]map[int64]float64{}
		for _, s := range series {
			byName[s.Target] = map[int64]float64{}
			for _, p := range s.Datapoints {
				if p[0] != nil {
					byName[s.Target][int64(*p[1])] = *p[0]
				}
			}
		}
		for i := host * metricsPerHost; i < min((host+1)*metricsPerHost, l.metrics); i++ {
			points := byName[metricName(l.name, i)]
			for round := range l.rounds {
				got, ok := points[first.Add(time.Duration(round)*l.interval).Unix()]
				switch {
				case !ok:
					r.missing++
				case got != value(i, round):
					r.wrong++
				default:
					r.found++
				}
			}
		}
	}
	return nil
}

func getJSON(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 400))
		return fmt.Errorf("%s: %s: %s", url, resp.Status, body)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
