package config

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

var logKeys = []key[Config]{
	{
		"LEVEL", choice(func(c *Config) *string { return &c.LogLevel }, "info", "debug", "info", "warn", "error"),
		`Minimum level of log messages. --log-level overrides it. The server reloads it at SIGHUP.`, "",
	},
	{
		"FORMAT", choice(func(c *Config) *string { return &c.LogFormat }, "text", "text", "json"),
		`Format of log messages. --log-format overrides it.`, "",
	},
}

// NewLogger returns a logger with the configured format and level. The caller may
// change the level.
func (c *Config) NewLogger(w io.Writer) (*slog.Logger, *slog.LevelVar) {
	level := &slog.LevelVar{}
	level.Set(c.Level())
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options)), level
	}
	return slog.New(slog.NewTextHandler(w, options)), level
}

// Level returns the configured log level.
func (c *Config) Level() slog.Level {
	level, _ := parseLevel(c.LogLevel) // Load has validated it
	return level
}

func parseLevel(name string) (slog.Level, error) {
	switch strings.ToLower(name) {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("--log-level %s: want debug, info, warn or error", name)
}
