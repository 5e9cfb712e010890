package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// rootCommand returns `carbon` with all its commands.
func rootCommand(p program) *cobra.Command {
	cobra.EnableCommandSorting = false // help lists commands in the order below
	root := &cobra.Command{
		Use:                   "carbon [COMMAND] [flags]",
		DisableFlagsInUseLine: true,
		Short:                 "receive, store, find and draw metrics: one binary in place of the Graphite stack",
		Long: `Without a command, carbon runs serve. "carbon COMMAND --help" explains a command.
`,
		Example: `  carbon serve &
  carbon send 'a.b.c 42'
  carbon render a.b.c --from -5min --output first.png
`,
		Version:       versionText(),
		SilenceErrors: true, // run prints them
		SilenceUsage:  true,
	}
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetVersionTemplate("carbon {{.Version}}\n")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(cmd.OutOrStdout(), cmd) })
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.DisableDefaultCmd = true

	const run, use, other = "run", "use", "other"
	root.AddGroup(
		&cobra.Group{ID: run, Title: "Running a server:"},
		&cobra.Group{ID: use, Title: "Working with metrics:"},
		&cobra.Group{ID: other, Title: "Other commands:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, cmd := range commands {
			cmd.GroupID = group
			cmd.DisableFlagsInUseLine = true // Use names them
			root.AddCommand(cmd)
		}
	}
	add(run, serveCommand(p), checkCommand(p))
	add(use, sendCommand(p), renderCommand(p), findCommand(p), whisperCommand(p))
	add(other, completionCommand(p), manCommand(p), versionCommand(p))
	root.SetHelpCommand(&cobra.Command{Use: "help", Hidden: true}) // normalize turns it into --help
	return root
}

// commandName returns how a command is called after "carbon": "whisper info".
func commandName(cmd *cobra.Command) string {
	_, name, _ := strings.Cut(cmd.CommandPath(), " ")
	return name
}

// noArguments refuses any argument.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return badUsage(cmd, "unexpected argument %q\nusage: %s", args[0], cmd.UseLine())
	}
	return nil
}

// someArguments refuses a command line without an argument, which is called name.
func someArguments(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return badUsage(cmd, "missing %s\nusage: %s", name, cmd.UseLine())
		}
		return nil
	}
}
