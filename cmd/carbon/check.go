package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"carbon/config"
)

// checkCommand returns `carbon check`.
func checkCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [flags]",
		Short: "check the configuration and print it",
		Long: `Reads all configuration files as serve does, and prints the settings that serve
would use. The exit code is 1 if a file is wrong; the error names file and line.
`,
		Example: `  carbon check
  carbon check --config /etc/carbon/carbon.conf
  carbon check --set cache.MAX_CACHE_SIZE=1000
`,
		SuggestFor:        []string{"config", "validate", "test", "configtest"},
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags := configFlags(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		c, err := config.Load(*flags, p.environ)
		if err != nil {
			return err
		}
		warnings, err := c.CheckFiles()
		if err != nil {
			return err
		}
		for _, w := range append(c.Warning, warnings...) {
			fmt.Fprintln(p.stderr, "warning:", w)
		}
		return c.Write(p.stdout)
	}
	return cmd
}
