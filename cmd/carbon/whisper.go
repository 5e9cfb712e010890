package main

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"carbon/config"
	"carbon/disk"
	"carbon/storage/whisper/tool"
)

// whisperCommand returns `carbon whisper`, whose subcommands are those of package tool.
func whisperCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "whisper COMMAND",
		Short: "inspect and change whisper files, one or a whole tree",
		Long: `The commands have the names, flags and output of whisper's Python tools. The
full name of a tool, as in whisper-info.py, also works, and flags can be
abbreviated.
`,
		Example: `  carbon whisper info data/whisper/servers/web1/load.wsp
  carbon whisper fetch --from=-1h --pretty data/whisper/servers/web1/load.wsp
  carbon whisper verify data/whisper
  carbon whisper conform --dry-run
`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			writeHelp(p.stderr, cmd)
			return exitCode(2)
		},
	}
	for _, c := range tool.Commands() {
		cmd.AddCommand(toolCommand(p, c))
	}
	return cmd
}

// toolCommand returns one command of package tool.
func toolCommand(p program, c tool.Command) *cobra.Command {
	cmd := &cobra.Command{
		DisableFlagsInUseLine: true,
		Short:                 c.About,
		Long:                  c.Details,
		Example:               c.Examples,
		Aliases:               c.Aliases(),
		Annotations:           map[string]string{abbreviable: "as Python's optparse"},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"wsp"}, cobra.ShellCompDirectiveFilterFileExt // directories, too
		},
	}
	env := tool.Env{
		Stdin:    p.stdin,
		Stdout:   p.stdout,
		Stderr:   p.stderr,
		Now:      time.Now,
		FS:       disk.OS{},
		Terminal: isTerminal(p.stderr),
		Settings: func(w tool.ConfigFiles) (tool.Settings, error) { return toolSettings(w, p.environ) },
	}
	var run tool.Action
	flagGroup(cmd, "Flags:", func(fs *pflag.FlagSet) { run = c.Prepare(env, fs) })
	cmd.Use = c.Name + " " + c.Args
	if cmd.HasLocalFlags() {
		cmd.Use = c.Name + " [flags] " + c.Args
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := run(cmd.Context(), args)
		var usage *tool.UsageError
		switch {
		case errors.As(err, &usage):
			return badUsage(cmd, "%v\nusage: %s", err, cmd.UseLine())
		case err != nil:
			return exitCode(1) // reported as the Python tools do
		}
		return nil
	}
	return cmd
}

// toolSettings returns the part of the server's configuration that the tools need.
func toolSettings(w tool.ConfigFiles, environ []string) (tool.Settings, error) {
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
