package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var treeKinds = []string{"ours", "go-whisper", "bare"}

// treeStart is when the first points are: round, and long enough ago for go-whisper.
func treeStart() int64 { return time.Now().Unix()/86400*86400 - 86400 }

// whisperFiles measures creating files and updating them, by the same program for
// ours and for peers, in CPU seconds of this process.
func (b *bench) whisperFiles(ctx context.Context) error {
	files := b.size(100_000)
	creating, ones, tens := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	for _, kind := range treeKinds {
		dir, err := b.tempDir("files")
		if err != nil {
			return err
		}
		now := treeStart()
		t, err := openTree(kind, dir, func() time.Time { return time.Unix(now, 0) })
		if err != nil {
			return err
		}
		// each calls f for every metric and returns CPU microseconds per call.
		each := func(f func(i int) error) (float64, error) {
			begin := ownCPU()
			for i := range files {
				if err := f(i); err != nil {
					return 0, err
				}
				if i%1000 == 0 && ctx.Err() != nil {
					return 0, ctx.Err()
				}
			}
			return (ownCPU() - begin) / float64(files) * 1e6, nil
		}
		cost, err := each(func(i int) error { return t.create(ctx, i, now) })
		if err != nil {
			return err
		}
		creating[kind] = append(creating[kind], cost)
		for range b.runs {
			for _, pass := range []struct {
				points int
				costs  map[string][]float64
			}{{1, ones}, {10, tens}} {
				from := now + fileStep
				now += int64(pass.points) * fileStep
				if cost, err = each(func(i int) error { return t.write(ctx, i, from, pass.points) }); err != nil {
					return err
				}
				pass.costs[kind] = append(pass.costs[kind], cost/float64(pass.points)) // us per point: seconds per million
			}
		}
		if err := t.close(); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	compare := func(name, unit string, costs map[string][]float64, note, least string) {
		r := newRow(name, unit, costs["ours"], note).beside("go-whisper", costs["go-whisper"], "")
		b.add(r.beside("nothing but", costs["bare"], least))
	}
	compare("whisper create", "us CPU", creating, "a sparse file of 60s:1d,5m:7d with its directories and first point", "open, write, truncate, rename")
	compare("whisper update, 1 point", "CPU s/M points", ones, "", "open, write, close")
	compare("whisper update, 10 points", "CPU s/M points", tens, "", "open, write, close")
	return nil
}

// updatesCommand makes this program update files and nothing else, for strace.
const updatesCommand = "updates"

// updates writes points into every file of a tree, which it makes, so many times
// over. Few files may be open, as when there are far more metrics than that.
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

// whisperCalls counts the system calls of an update with strace: those of a
// program that updates all files three times, less those of one that does once.
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
			files := b.size(4_000)
			var total [2]int
			for n, passes := range []int{1, 3} {
				var err error
				if total[n], err = b.countCalls(ctx, kind, files, points, passes); err != nil {
					return fmt.Errorf("%s: %w", kind, err)
				}
			}
			calls[kind] = []float64{float64(total[1]-total[0]) / 2 / float64(files)}
		}
		r := newRow(name, "calls/update", calls["ours"], "on files, by strace, with far more files than may be open").beside("go-whisper", calls["go-whisper"], "")
		b.add(r.beside("nothing but", calls["bare"], "open, write, close"))
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

// onFiles are the system calls that an update may need; others are those of the
// language's runtime.
var onFiles = []string{
	"open", "openat", "close", "read", "pread64", "readv", "preadv", "write", "pwrite64", "writev", "pwritev", "lseek", "flock", "fcntl",
	"fstat", "stat", "lstat", "newfstatat", "statx", "truncate", "ftruncate", "fallocate", "fsync", "fdatasync", "fadvise64", "mmap", "munmap", "rename", "renameat", "renameat2", "unlinkat",
}

// fileCalls adds up the calls on files in what strace -c prints: a line per call
// with share, seconds, microseconds, calls, errors if any, and name.
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
