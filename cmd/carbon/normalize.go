package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// abbreviable annotates a command whose flags can be abbreviated, as Python's optparse
// allows.
const abbreviable = "abbreviable"

// normalize returns args in the form that cobra and pflag understand:
//
//   - without a command, serve is meant
//   - "help COMMAND" becomes "COMMAND --help"
//   - -flag becomes --flag, with a warning: earlier versions accepted both
//   - an abbreviated flag of an abbreviable command is written out
//
// It fails if the command does not exist.
func normalize(root *cobra.Command, args []string, stderr io.Writer) ([]string, error) {
	root.InitDefaultHelpFlag()
	root.InitDefaultVersionFlag()
	switch {
	case len(args) == 0:
		return []string{"serve"}, nil
	case strings.HasPrefix(args[0], cobra.ShellCompRequestCmd): // from a completion script
		return args, nil
	case strings.HasPrefix(args[0], "-") && lookup(root.Flags(), args[0]) == nil:
		args = append([]string{"serve"}, args...)
	}
	cmd, rest, _ := root.Find(args) // an unknown command is the first of rest
	if cmd.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		if rest[0] != "help" {
			return nil, unknownCommand(cmd, rest[0])
		}
		return normalize(root, append(path(cmd), append(rest[1:], "--help")...), stderr)
	}
	cmd.InitDefaultHelpFlag()
	flags, err := spellOut(cmd, rest, stderr)
	return append(path(cmd), flags...), err
}

// path returns the words that call a command.
func path(cmd *cobra.Command) []string { return strings.Fields(commandName(cmd)) }

// lookup returns the flag that an argument sets: --name, --name=value, -name or -n.
func lookup(fs *pflag.FlagSet, arg string) *pflag.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	if len(name) == 1 && !strings.HasPrefix(arg, "--") {
		return fs.ShorthandLookup(name)
	}
	return fs.Lookup(name)
}

// spellOut rewrites the flags among the arguments of a command.
func spellOut(cmd *cobra.Command, args []string, stderr io.Writer) (full []string, err error) {
	fs := cmd.Flags()
	warned := map[string]bool{}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(full, args[i:]...), nil
		}
		if len(arg) < 2 || arg[0] != '-' {
			full = append(full, arg)
			continue
		}
		f := lookup(fs, arg)
		switch {
		case f != nil && strings.HasPrefix(arg, "-"+f.Name):
			arg = "-" + arg
			if !warned[f.Name] {
				fmt.Fprintf(stderr, "carbon: warning: -%s is deprecated: write --%s\n", f.Name, f.Name)
			}
			warned[f.Name] = true
		case f == nil && strings.HasPrefix(arg, "--") && cmd.Annotations[abbreviable] != "":
			if f, arg, err = unabbreviate(cmd, arg); err != nil {
				return nil, err
			}
		}
		full = append(full, arg)
		if f != nil && f.NoOptDefVal == "" && !strings.Contains(arg, "=") && i+1 < len(args) {
			i++ // the value, which may begin with a dash
			full = append(full, args[i])
		}
	}
	return full, nil
}

// unabbreviate writes out an abbreviated flag if only one flag begins like it.
func unabbreviate(cmd *cobra.Command, arg string) (found *pflag.Flag, full string, err error) {
	prefix, value, hasValue := strings.Cut(arg, "=")
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if strings.HasPrefix("--"+f.Name, prefix) {
			found = f
			names = append(names, "--"+f.Name)
		}
	})
	switch {
	case len(names) == 0:
		return nil, arg, nil // pflag reports it
	case len(names) > 1:
		return nil, "", badUsage(cmd, "ambiguous flag %s: it could be %s", prefix, strings.Join(names, " or "))
	case hasValue:
		return found, names[0] + "=" + value, nil
	}
	return found, names[0], nil
}
