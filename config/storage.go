package config

import (
	"math"
	"time"

	"carbon/ingest"
	"carbon/wal"
)

// WALConfig is the [wal] section.
type WALConfig struct {
	Enabled       bool
	FlushInterval time.Duration
	SyncInterval  time.Duration // 0: sync before a point counts as accepted
	SegmentSize   int64         // bytes
	MaxSize       int64         // bytes
}

var walKeys = []key[Config]{
	{
		"ENABLED", boolean(func(c *Config) *bool { return &c.WAL.Enabled }, true),
		`Write the log. Without it a crash loses all points that are not stored yet.`, "",
	},
	{
		"FLUSH_INTERVAL", duration(func(c *Config) *time.Duration { return &c.WAL.FlushInterval }, wal.DefaultFlushInterval),
		`How often points are handed to the operating system. A process that is killed (kill -9) loses at most the points of this interval.`, "",
	},
	{
		"SYNC_INTERVAL", duration(func(c *Config) *time.Duration { return &c.WAL.SyncInterval }, ingest.DefaultSyncInterval),
		`How often the log is synced to disk. A power cut loses at most the points of this interval. 0: sync before a request with points is answered, and before more is read from a connection.`, "",
	},
	{"SEGMENT_SIZE", number(func(c *Config) *int64 { return &c.WAL.SegmentSize }, wal.DefaultSegmentSize, 64<<10, 4<<30), `Size of a segment of the log in bytes.`, ""},
	{
		"MAX_SIZE", number(func(c *Config) *int64 { return &c.WAL.MaxSize }, wal.DefaultMaxSize, 1<<20, math.MaxInt64),
		`Maximum size of all segments in bytes. Beyond half of it the server stores the oldest points first; when the log is full, senders wait.`, "",
	},
}

// StorageConfig is the [storage] section.
type StorageConfig struct {
	RescanInterval time.Duration // 0: never
	MaxOpenFiles   int           // 0: automatic
}

var storageKeys = []key[Config]{
	{
		"RESCAN_INTERVAL", duration(func(c *Config) *time.Duration { return &c.Storage.RescanInterval }, time.Hour),
		`How often the tree is compared with the index of metrics, to find files that other programs add or remove. 0: only at the start.`, "",
	},
	{
		"MAX_OPEN_FILES", automatic(func(c *Config) *int { return &c.Storage.MaxOpenFiles }),
		`Number of whisper files kept open. auto: half of the descriptors (ulimit -n) that connections leave, at most 20,000.`, "",
	},
}
