package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"carbon/test/launch"
)

// finds are the requests with marks. treejson, as the browser's tree requests, answers
// the name of a node once; json answers every node.
var finds = []struct{ row, pattern, format string }{
	{"find branches", "servers.*.*", "treejson"},
	{"find leaves", "servers.*.*.*.user", "treejson"},
	{"find prefix", "servers.*.host00*.nginx.latency_*", "treejson"},
	{"find star in the middle", "servers.*.*42.*.*ytes*", "treejson"},
	{"find 1 of them", "servers.fra1.host0000.cpu-total.user", "json"},
	{"find 100 of them", "servers.fra1.host0000.*.*", "json"},
	{"find 10k of them", "servers.*.*.*.user", "json"},
}

// index measures the start on a million metrics, and finds.
func (b *bench) index(ctx context.Context) error {
	s := millionSite()
	metrics := b.size(s.metrics)
	dir, err := b.makeTree(ctx, metrics, s.retentions())
	if err != nil {
		return err
	}
	// A snapshot in the directory may be that of another tree.
	if err := removeSnapshots(dir); err != nil {
		return err
	}
	cold, p, err := b.startAndFind(ctx, dir, s.retentions())
	if err != nil {
		return err
	}
	var ready, health, cpu, memory []float64
	for range b.runs {
		if err := p.stop(); err != nil {
			return err
		}
		var st start
		if st, p, err = b.startAndFind(ctx, dir, s.retentions()); err != nil {
			return err
		}
		ready, health, cpu = append(ready, st.found.Seconds()), append(health, st.healthy.Seconds()), append(cpu, st.cpu)
		memory = append(memory, float64(st.rss)/1e6)
	}
	defer func() { _ = p.stop() }()
	b.add(newRow("index, ready", "s", ready, fmt.Sprintf("of %d metrics, from the snapshot: the first correct answer after exec; /health after %s s, %s s of CPU until idle", metrics, short(median(health)), short(median(cpu)))))
	b.add(newRow("index, ready without snapshot", "s", []float64{cold.found.Seconds()}, fmt.Sprintf("/health after %s s, %s s of CPU until idle", short(cold.healthy.Seconds()), short(cold.cpu))))
	b.add(newRow("index, memory", "MB", memory, fmt.Sprintf("resident, once idle; without snapshot %s", short(float64(cold.rss)/1e6))))
	for _, f := range finds {
		r, err := b.find(ctx, p, f.row, f.pattern, f.format, metrics)
		if err != nil {
			return err
		}
		b.add(r)
	}
	return nil
}

// removeSnapshots removes everything from a data directory except the tree and the
// file that marks it complete.
func removeSnapshots(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); name != "whisper" && name != "complete" {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// start is the cost of starting on a tree.
type start struct {
	found   time.Duration // from exec to the first correct answer
	healthy time.Duration // to /health 200
	cpu     float64       // seconds until idle
	rss     int64         // bytes then
}

func (b *bench) startAndFind(ctx context.Context, dir, retentions string) (start, *process, error) {
	var st start
	begin := time.Now()
	p, err := ours(b.binary, launch.NoOwnSeries).start(ctx, dir, retentions)
	if err != nil {
		return st, nil, err
	}
	err = p.Until(ctx, 5*time.Minute, "the index answers", func() bool {
		if st.healthy == 0 {
			if _, err := p.get(ctx, "/health"); err == nil {
				st.healthy = time.Since(begin)
			}
		}
		if st.found == 0 {
			if n, err := findNodes(ctx, p, findPath(hostName(0)+".cpu-total.*", "json")); err == nil && n == 10 {
				st.found = time.Since(begin)
			}
		}
		return st.found > 0 && st.healthy > 0
	})
	var u usage
	if err == nil {
		u, err = settle(ctx, p.PID(), 2*time.Minute)
	}
	if err != nil {
		return st, nil, errors.Join(err, p.stop())
	}
	st.cpu, st.rss = u.cpu, u.rss
	return st, p, nil
}

func findPath(pattern, format string) string {
	return "/metrics/find?format=" + format + "&query=" + url.QueryEscape(pattern)
}

func findNodes(ctx context.Context, p *process, path string) (int, error) {
	body, err := p.get(ctx, path)
	if err != nil {
		return 0, err
	}
	var nodes []json.RawMessage
	err = json.Unmarshal(body, &nodes)
	return len(nodes), err
}

// find measures a find request and checks the number of nodes in its answer. It
// repeats the request until the server has used a measurable time.
func (b *bench) find(ctx context.Context, p *process, name, pattern, format string, metrics int) (r row, err error) {
	want, path := matching(pattern, format == "treejson", metrics), findPath(pattern, format)
	n, err := findNodes(ctx, p, path)
	if err != nil {
		return r, err
	}
	if n != want {
		b.lost++
		return r, fmt.Errorf("find %s: got %d nodes, want %d", pattern, n, want)
	}
	costs, waits, err := b.cost(ctx, p, path, 50)
	if err != nil {
		return r, err
	}
	return newRow(name, "CPU ms", costs, fmt.Sprintf("%s: %d nodes, %s ms each", pattern, n, short(median(waits)))), nil
}

// matching counts the nodes that a pattern with stars matches, by comparing all names.
// With lastNodes it counts distinct last nodes.
func matching(pattern string, lastNodes bool, metrics int) int {
	expression := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `[^.]*`))
	depth := strings.Count(pattern, ".") + 1
	nodes := map[string]bool{}
	for i := range metrics {
		node := strings.Join(strings.Split(metricName(i), ".")[:depth], ".")
		if expression.FindString(node) != node {
			continue
		}
		if lastNodes {
			node = node[strings.LastIndexByte(node, '.')+1:]
		}
		nodes[node] = true
	}
	return len(nodes)
}

// growth repeats, on smaller trees, measurements that must not depend on the number of
// metrics.
func (b *bench) growth(ctx context.Context) error {
	for _, size := range []struct {
		label   string
		metrics int
	}{{"10k", 10_000}, {"100k", 100_000}} {
		metrics, retentions := b.size(size.metrics), "60s:1d,5m:7d"
		dir, err := b.makeTree(ctx, metrics, retentions)
		if err != nil {
			return err
		}
		_, p, err := b.startAndFind(ctx, dir, retentions)
		if err != nil {
			return err
		}
		if err := p.stop(); err != nil {
			return err
		}
		st, p, err := b.startAndFind(ctx, dir, retentions)
		if err != nil {
			return err
		}
		b.add(newRow("index of "+size.label+", ready", "s", []float64{st.found.Seconds()}, fmt.Sprintf("%.0f MB resident", float64(st.rss)/1e6)))
		r, err := b.find(ctx, p, "find 100 of "+size.label, "servers.fra1.host0000.*.*", "json", metrics)
		if err := errors.Join(err, p.stop()); err != nil {
			return err
		}
		b.add(r)
	}
	return nil
}
