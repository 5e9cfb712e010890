package index

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"carbon/disk"
)

// Parts of the names of a site with 10,000 hosts and 100 metrics per host.
var (
	sites      = []string{"fra1", "ams2", "nyc3", "sin4"}
	subsystems = []string{"cpu-total", "memory", "disk-vda", "df-root", "net-eth0", "tcp", "nginx", "postgres", "jvm-app", "queue-mail"}
	leaves     = []string{"user", "used", "reads", "used_bytes", "rx_bytes", "tx_bytes", "requests", "commits", "heap_used", "depth"}
)

func siteName(i int) string {
	host, rest := i/100, i%100
	sub := rest / 10
	return fmt.Sprintf("servers.%s.host%04d.%s.%s_%d", sites[host%4], host/4, subsystems[sub], leaves[sub], rest%10)
}

// site returns an index that all benchmarks share. They must not change it.
var site = sync.OnceValue(func() *Index {
	x := New()
	for i := range 1_000_000 {
		x.Add(siteName(i))
	}
	return x
})

// cpu reports the CPU time per operation on all cores, which depends less on the load of
// the machine than the elapsed time.
func cpu(b *testing.B) (report func()) {
	used := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

func memory() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkMemory(b *testing.B) {
	for _, kind := range []struct {
		kind string
		name func(i int) string
	}{
		{"tree", siteName},
		{"flat", func(i int) string { return fmt.Sprintf("metric_%d", i*7919%1_000_003) }},
		{"tagged", func(i int) string {
			return fmt.Sprintf("http.requests.%s;dc=%s;env=prod;host=host%04d;status=%d", leaves[i%10], sites[i/10%4], i/100, i%100/10)
		}},
	} {
		b.Run(kind.kind, func(b *testing.B) {
			const names = 1_000_000
			defer cpu(b)()
			for b.Loop() {
				before := memory()
				x := New()
				for i := range names {
					if !x.Add(kind.name(i)) {
						b.Fatalf("name %d is not new", i)
					}
				}
				b.ReportMetric(float64(memory()-before)/names, "bytes/name")
				runtime.KeepAlive(x)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/names, "ns/name")
		})
	}
}

func BenchmarkFind(b *testing.B) {
	x := site()
	for _, pattern := range []string{
		"servers.*.*", "servers.fra1.*", "servers.*.*.*.user_3", "servers.*.*.cpu-total.user_3",
		"servers.*.host00*.nginx.requests_*", "servers.fra1.host0042.nginx.req*", "servers.*.*42.*.*ytes*", "servers.*.*.net*.rx_bytes_1", "**",
	} {
		b.Run(pattern, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			defer cpu(b)()
			for b.Loop() {
				nodes, err := x.Find(pattern)
				if err != nil {
					b.Fatal(err)
				}
				n = len(nodes)
			}
			b.ReportMetric(float64(n), "nodes")
		})
	}
}

func BenchmarkHas(b *testing.B) {
	x := site()
	i := 0
	name := siteName(777_777)
	for b.Loop() {
		i++
		x.Has(name)
	}
}

func BenchmarkGC(b *testing.B) {
	x := site()
	for b.Loop() {
		runtime.GC()
	}
	runtime.KeepAlive(x)
}

func BenchmarkSaveLoad(b *testing.B) {
	x := site()
	path := filepath.Join(b.TempDir(), "index")
	b.Run("save", func(b *testing.B) {
		defer cpu(b)()
		for b.Loop() {
			if err := x.Save(disk.OS{}, path); err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := x.Save(disk.OS{}, path); err != nil {
		b.Fatal(err)
	}
	b.Run("load", func(b *testing.B) {
		defer cpu(b)()
		for b.Loop() {
			if x, err := Load(disk.OS{}, path); err != nil || x.Len() != 1_000_000 {
				b.Fatal(err)
			}
		}
	})
	info, err := disk.OS{}.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size()), "bytes")
}

func BenchmarkFindTagged(b *testing.B) {
	x := New()
	for i := range 1_000_000 {
		x.Add(fmt.Sprintf("http.requests.%s;dc=%s;env=prod;host=host%04d;status=%d", leaves[i%10], sites[i/10%4], i/100, i%100/10))
	}
	for _, exprs := range [][]string{
		{"host=host0042", "env=prod"},
		{"name=http.requests.user", "host=~host00[01].", "status!=3"},
		{"env=prod", "host=~.*0042$"},
		{"env=prod", "dc=fra1", "status=3", "host=~host00.."},
		{"env=prod", "dc=fra1", "status=3"},
	} {
		b.Run(fmt.Sprint(exprs), func(b *testing.B) {
			n := 0
			defer cpu(b)()
			for b.Loop() {
				names, err := x.FindTagged(b.Context(), exprs)
				if err != nil {
					b.Fatal(err)
				}
				n = len(names)
			}
			b.ReportMetric(float64(n), "names")
		})
	}
}
