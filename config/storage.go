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
	SyncInterval  time.Duration // 0: sync before points are accepted
	SegmentSize   int64         // bytes
	MaxSize       int64         // bytes
}

var walKeys = []key[Config]{
	{
		"ENABLED", boolean(func(c *Config) *bool { return &c.WAL.Enabled }, true),
		`Write the log. False: a crash loses all points that are not stored yet.`, "",
	},
	{
		"FLUSH_INTERVAL", duration(func(c *Config) *time.Duration { return &c.WAL.FlushInterval }, wal.DefaultFlushInterval),
		`How often the log is written to its file. If the process is killed, the points of at most this interval are lost.`, "",
	},
	{
		"SYNC_INTERVAL", duration(func(c *Config) *time.Duration { return &c.WAL.SyncInterval }, ingest.DefaultSyncInterval),
		`How often the log is synced to disk. After a power cut, the points of at most this interval are lost. 0: sync before the server answers a request that sends points, and before it reads more from a connection.`, "",
	},
	{"SEGMENT_SIZE", number(func(c *Config) *int64 { return &c.WAL.SegmentSize }, wal.DefaultSegmentSize, 64<<10, 4<<30), `Size in bytes at which the log starts a new segment.`, ""},
	{
		"MAX_SIZE", number(func(c *Config) *int64 { return &c.WAL.MaxSize }, wal.DefaultMaxSize, 1<<20, math.MaxInt64),
		`Maximum size of all segments in bytes. While the log is more than half full, the server stores the oldest points first, before WRITE_DELAY has passed. While it is full, senders wait (back-pressure).`, "",
	},
}

// StorageConfig is the [storage] section.
type StorageConfig struct {
	RescanInterval time.Duration // 0: only after the start
	MaxOpenFiles   int           // 0: automatic
}

var storageKeys = []key[Config]{
	{
		"RESCAN_INTERVAL", duration(func(c *Config) *time.Duration { return &c.Storage.RescanInterval }, time.Hour),
		`How often the server scans the tree for files that other programs have added or removed. 0: only after the start.`, "",
	},
	{
		"MAX_OPEN_FILES", automatic(func(c *Config) *int { return &c.Storage.MaxOpenFiles }),
		`Maximum number of whisper files kept open. auto: half of the file descriptors (ulimit -n) that MAX_RECEIVER_CONNECTIONS leaves, but at most 20,000.`, "",
	},
}
