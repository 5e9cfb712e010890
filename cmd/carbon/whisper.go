package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"carbon/config"
	"carbon/disk"
	"carbon/storage/whisper/tool"
)

// whisperTool runs one of the tools for whisper files.
func whisperTool(ctx context.Context, p program, args []string) error {
	code := tool.Run(ctx, tool.Env{
		Stdin:    p.stdin,
		Stdout:   p.stdout,
		Stderr:   p.stderr,
		Now:      time.Now,
		FS:       disk.OS{},
		Terminal: isTerminal(p.stderr),
		Settings: func(w tool.Where) (tool.Settings, error) { return whisperSettings(w, p.environ) },
	}, args)
	if code != 0 {
		return exitCode(code)
	}
	return nil
}

// whisperSettings is what the tools need of the server's configuration.
func whisperSettings(w tool.Where, environ []string) (tool.Settings, error) {
	c, err := config.Load(config.Flags{Config: w.Config, Data: w.Data, Schemas: w.Schemas, Aggregation: w.Aggregation}, environ)
	if err != nil {
		return tool.Settings{}, err
	}
	rules, warnings, err := c.LoadRules()
	if err != nil {
		return tool.Settings{}, err
	}
	return tool.Settings{
		Tree:      c.Whisper,
		TaggedLog: filepath.Join(c.Data, "tagged.log"),
		Rules:     rules,
		Warnings:  warnings,
	}, nil
}

// isTerminal tells whether a person sees what is written to w.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// exitCode is an error of which everything was said already.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }
