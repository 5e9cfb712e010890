package main

import (
	"io"

	"github.com/spf13/cobra"
)

// shells are the shells that `carbon completion` writes scripts for.
var shells = []struct {
	name  string
	write func(root *cobra.Command, w io.Writer) error
}{
	{"bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", (*cobra.Command).GenZshCompletion},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", (*cobra.Command).GenPowerShellCompletionWithDesc},
}

// completionCommand returns `carbon completion`.
func completionCommand(p program) *cobra.Command {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "print a script that completes command lines in a shell",
		Long: `bash needs the package bash-completion, zsh "autoload -U compinit; compinit".
`,
		Example: `  source <(carbon completion bash)
  carbon completion bash > /etc/bash_completion.d/carbon
  carbon completion zsh > "${fpath[1]}/_carbon"
  carbon completion fish > ~/.config/fish/completions/carbon.fish
  carbon completion powershell | Out-String | Invoke-Expression
`,
		ValidArgs: names,
		Args:      someArguments("SHELL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, s := range shells {
				if s.name == args[0] {
					return s.write(cmd.Root(), p.stdout)
				}
			}
			return badUsage(cmd, "unknown shell %q: want one of bash, zsh, fish, powershell", args[0])
		},
	}
}
