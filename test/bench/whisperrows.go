package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var treeKinds = []string{"ours", "go-whisper", "bare calls"}

// treeStart is the time of the first points: round, and old enough for go-whisper.
func treeStart() int64 { return time.Now().Unix()/86400*86400 - 86400 }

// measuredTree is a tree and its cost in CPU microseconds per call, a value per pass.
type measuredTree struct {
	tree
	kind             string
	create1, w1, w10 []float64
}

// whisperFiles measures creating and updating files, in this process for all kinds of
// trees. They take turns, so that other load on the disk affects all of them.
func (b *bench) whisperFiles(ctx context.Context) error {
	files, now := b.size(100_000), treeStart()
	var trees []*measuredTree
	for _, kind := range treeKinds {
		dir, err := b.tempDir("files")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		t, err := openTree(kind, dir, func() time.Time { return time.Unix(now, 0) })
		if err != nil {
			return err
		}
		defer t.close()
		trees = append(trees, &measuredTree{tree: t, kind: kind})
	}
	// pass calls f for files of every tree and records the cost.
	pass := func(from, until int, f func(t *measuredTree, i int) error, costs func(t *measuredTree) *[]float64) error {
		used := make([]float64, len(trees))
		const turn = 500 // files
		for begin := from; begin < until; begin += turn {
			for n, t := range trees {
				before := ownCPU()
				for i := begin; i < min(begin+turn, until); i++ {
					if err := f(t, i); err != nil {
						return fmt.Errorf("%s: %w", t.kind, err)
					}
				}
				used[n] += ownCPU() - before
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		for n, t := range trees {
			*costs(t) = append(*costs(t), used[n]/float64(until-from)*1e6)
		}
		return nil
	}
	for n := range b.runs { // each on a part of the files; the first one creates the top directories
		create := func(t *measuredTree, i int) error { return t.create(ctx, i, now) }
		if err := pass(n*files/b.runs, (n+1)*files/b.runs, create, func(t *measuredTree) *[]float64 { return &t.create1 }); err != nil {
			return err
		}
	}
	update := func(points int, costs func(t *measuredTree) *[]float64) error {
		from := now + fileStep
		now += int64(points) * fileStep
		return pass(0, files, func(t *measuredTree, i int) error { return t.write(ctx, i, from, points) }, costs)
	}
	for range b.runs {
		if err := update(1, func(t *measuredTree) *[]float64 { return &t.w1 }); err != nil {
			return err
		}
		if err := update(10, func(t *measuredTree) *[]float64 { return &t.w10 }); err != nil {
			return err
		}
	}
	own, peer, bare := trees[0], trees[1], trees[2]
	for _, t := range trees {
		for i := range t.w10 { // from microseconds per update to seconds per million points
			t.w10[i] /= 10
		}
	}
	const note = "60s:1d,5m:7d"
	b.add(newRow("whisper create", "us CPU", own.create1, "a sparse file of "+note+", its directories and its first point").
		beside(peer.kind, peer.create1, "").beside(bare.kind, bare.create1, "open, write, truncate, rename"))
	b.add(newRow("whisper update, 1 point", "CPU s/M points", own.w1, note).beside(peer.kind, peer.w1, "").beside(bare.kind, bare.w1, "open, write, close"))
	b.add(newRow("whisper update, 10 points", "CPU s/M points", own.w10, note).beside(peer.kind, peer.w10, "").beside(bare.kind, bare.w10, "open, write, close"))
	return nil
}

// updatesCommand is an argument: with it this program only updates files, for strace.
const updatesCommand = "updates"

// updates creates a tree and writes points into each of its files, several times. Few
// files may be open, as when there are far more metrics than descriptors.
func updates(args []string) error {
	fs := flag.NewFlagSet(updatesCommand, flag.ContinueOnError)
	kind := fs.String("kind", "ours", "")
	dir := fs.String("dir", "", "")
	files := fs.Int("files", 1, "")
	points := fs.Int("points", 1, "")
	passes := fs.Int("passes", 1, "")
	if err := fs.Parse(args); err != nil {
		return err
	}
	limit := syscall.Rlimit{Cur: 256, Max: 256}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	ctx, now := context.Background(), treeStart()
	t, err := openTree(*kind, *dir, func() time.Time { return time.Unix(now, 0) })
	if err != nil {
		return err
	}
	for i := range *files {
		if err := t.create(ctx, i, now); err != nil {
			return err
		}
	}
	for range *passes {
		from := now + fileStep
		now += int64(*points) * fileStep
		for i := range *files {
			if err := t.write(ctx, i, from, *points); err != nil {
				return err
			}
		}
	}
	return t.close()
}

// whisperCalls counts the system calls of an update with strace: the calls of a process
// that updates all files three times, minus those of one that does it once.
func (b *bench) whisperCalls(ctx context.Context) error {
	for _, points := range []int{1, 10} {
		name := fmt.Sprintf("whisper calls, %d points", points)
		if points == 1 {
			name = "whisper calls, 1 point"
		}
		if _, err := exec.LookPath("strace"); err != nil {
			b.add(skippedRow(name, "no strace here"))
			continue
		}
		calls := map[string][]float64{}
		for _, kind := range treeKinds {
			files := b.size(20_000) / 20
			var total [2]int
			for n, passes := range []int{1, 3} {
				var err error
				if total[n], err = b.countCalls(ctx, kind, files, points, passes); err != nil {
					return fmt.Errorf("%s: %w", kind, err)
				}
			}
			each := float64(total[1]-total[0]) / 2 / float64(files)
			calls[kind] = []float64{math.Round(each*10) / 10} // the Go runtime has a few of its own
		}
		r := newRow(name, "calls/update", calls[treeKinds[0]], "on files, by strace, with far more files than may be open")
		b.add(r.beside(treeKinds[1], calls[treeKinds[1]], "").beside(treeKinds[2], calls[treeKinds[2]], "open, write, close"))
	}
	return nil
}

func (b *bench) countCalls(ctx context.Context, kind string, files, points, passes int) (int, error) {
	dir, err := b.tempDir("calls")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	summary := filepath.Join(dir, "summary")
	cmd := exec.CommandContext(ctx, "strace", "-f", "-c", "-o", summary, self, updatesCommand, "-kind", kind, "-dir", filepath.Join(dir, "tree"),
		"-files", strconv.Itoa(files), "-points", strconv.Itoa(points), "-passes", strconv.Itoa(passes))
	if output, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("strace: %w: %.300s", err, output)
	}
	content, err := os.ReadFile(summary)
	if err != nil {
		return 0, err
	}
	return fileCalls(content)
}

// onFiles are the system calls that an update may need. Others belong to the Go
// runtime.
var onFiles = []string{
	"open", "openat", "close", "read", "pread64", "readv", "preadv", "write", "pwrite64", "writev", "pwritev", "lseek", "flock", "fcntl",
	"fstat", "stat", "lstat", "newfstatat", "statx", "truncate", "ftruncate", "fallocate", "fsync", "fdatasync", "fadvise64", "mmap", "munmap", "rename", "renameat", "renameat2", "unlinkat",
}

// fileCalls adds up the calls on files in the output of strace -c. It has a line per
// call: share, seconds, microseconds, calls, errors if any, name.
func fileCalls(summary []byte) (total int, err error) {
	lines := bufio.NewScanner(bytes.NewReader(summary))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 || !slices.Contains(onFiles, fields[len(fields)-1]) {
			continue
		}
		n, err := strconv.Atoi(fields[3])
		if err != nil {
			return 0, fmt.Errorf("strace: %q: %w", lines.Text(), err)
		}
		total += n
	}
	if total == 0 {
		return 0, fmt.Errorf("strace counted nothing: %.200q", summary)
	}
	return total, nil
}
