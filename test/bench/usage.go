package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is what a process has used since its start, as counted by the kernel.
type usage struct {
	when       time.Time
	cpu        float64 // seconds, user and system
	rss        int64   // bytes, now
	writeBytes int64   // that it caused to be written to disks
}

// since returns the usage between two readings, and the memory of the later one.
func (u usage) since(before usage) usage {
	return usage{when: u.when, cpu: u.cpu - before.cpu, rss: u.rss, writeBytes: u.writeBytes - before.writeBytes}
}

func readUsage(pid int) (usage, error) {
	u := usage{when: time.Now()}
	dir := fmt.Sprintf("/proc/%d/", pid)
	for name, parse := range map[string]func([]byte) error{"stat": u.parseStat, "status": u.parseStatus, "io": u.parseIO} {
		content, err := os.ReadFile(dir + name)
		if err != nil {
			return u, err
		}
		if err := parse(content); err != nil {
			return u, fmt.Errorf("%s%s: %w", dir, name, err)
		}
	}
	return u, nil
}

// parseStat reads CPU time: utime and stime, in hundredths of a second, are the 12th and
// 13th field after the command's closing parenthesis. The command may hold any text.
func (u *usage) parseStat(content []byte) error {
	fields := bytes.Fields(content[bytes.LastIndexByte(content, ')')+1:])
	if len(fields) < 13 {
		return fmt.Errorf("%d fields", len(fields))
	}
	for _, f := range fields[11:13] {
		ticks, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return err
		}
		u.cpu += float64(ticks) / 100
	}
	return nil
}

func (u *usage) parseStatus(content []byte) error {
	kilobytes, err := numberAfter(content, "VmRSS:")
	u.rss = int64(kilobytes) * 1024
	return err
}

func (u *usage) parseIO(content []byte) error {
	n, err := numberAfter(content, "write_bytes:")
	u.writeBytes = int64(n)
	return err
}

// numberAfter finds the line that begins with key and returns the number after it,
// which may be written as 1.5e+06.
func numberAfter(content []byte, key string) (float64, error) {
	for line := range strings.Lines(string(content)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			if fields := strings.Fields(rest); len(fields) > 0 {
				return strconv.ParseFloat(fields[0], 64)
			}
		}
	}
	return 0, fmt.Errorf("no line begins with %q", key)
}

// settle waits until a process has used less than 3 % of a core for half a second, or
// until limit, and returns its usage.
func settle(ctx context.Context, pid int, limit time.Duration) (usage, error) {
	const window = 500 * time.Millisecond
	begin := time.Now()
	before, err := readUsage(pid)
	for err == nil {
		select {
		case <-ctx.Done():
			return before, ctx.Err()
		case <-time.After(window):
		}
		var now usage
		if now, err = readUsage(pid); err != nil {
			break
		}
		if now.cpu-before.cpu < 0.03*now.when.Sub(before.when).Seconds() || time.Since(begin) > limit {
			return now, nil
		}
		before = now
	}
	return before, err
}

// ownCPU is the CPU time of this process in seconds.
func ownCPU() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
}
