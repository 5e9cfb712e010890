package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"carbon/storage/whisper/tool"
)

// Annotations of flags.
const (
	groupAnnotation   = "group" // the title under which the help lists the flag
	valueAnnotation   = "value" // what the help calls the flag's value
	choicesAnnotation = tool.ChoicesAnnotation
)

// flagGroup declares flags of a command that the help lists under a title, in the
// order of their declaration. The usage text of a flag names its value in back quotes:
// either first, as in "`ADDR`: lines over UDP (default off)", or within the text.
// Shells complete a FILE or PATH, a DIR, and the values set with choices.
func flagGroup(cmd *cobra.Command, title string, declare func(fs *pflag.FlagSet)) {
	group := pflag.NewFlagSet(title, pflag.ContinueOnError)
	group.SortFlags = false
	declare(group)
	cmd.Flags().SortFlags = false
	group.VisitAll(func(f *pflag.Flag) {
		var value string
		value, f.Usage = pflag.UnquoteUsage(f)
		f.Usage = strings.TrimPrefix(f.Usage, value+": ")
		group.SetAnnotation(f.Name, groupAnnotation, []string{title})
		group.SetAnnotation(f.Name, valueAnnotation, []string{value})
		cmd.Flags().AddFlag(f)
		if f.NoOptDefVal == "" {
			completeValue(cmd, f)
		}
	})
}

// valueName returns what the help calls the value of a flag; "" if it has none.
func valueName(f *pflag.Flag) string {
	if name := f.Annotations[valueAnnotation]; name != nil && f.NoOptDefVal == "" {
		return name[0]
	}
	return ""
}

// choices sets the values that a flag can have.
func choices(fs *pflag.FlagSet, name string, values ...string) {
	fs.SetAnnotation(name, choicesAnnotation, values)
}

// checkChoice refuses a value of a flag that is not one of its choices.
func checkChoice(cmd *cobra.Command, name, value string) error {
	values := cmd.Flags().Lookup(name).Annotations[choicesAnnotation]
	if slices.Contains(values, value) {
		return nil
	}
	return badUsage(cmd, "--%s %s: want one of %s", name, value, strings.Join(values, ", "))
}

func completeValue(cmd *cobra.Command, f *pflag.Flag) {
	complete := cobra.NoFileCompletions
	switch valueName(f) {
	case "FILE", "PATH":
		return // the shell's own completion
	case "DIR":
		cmd.MarkFlagDirname(f.Name)
		return
	}
	if values := f.Annotations[choicesAnnotation]; values != nil {
		complete = cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
	}
	cmd.RegisterFlagCompletionFunc(f.Name, complete)
}

// flagError explains an error of pflag.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(cmd, unknown)
	case errors.As(err, &missing):
		return badUsage(cmd, "--%s: missing %s", missing.GetFlag().Name, valueName(missing.GetFlag()))
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		reason := invalid.Unwrap().Error()
		switch f.Value.Type() {
		case "int":
			reason = "want a whole number"
		case "float64":
			reason = "want a number"
		case "bool":
			reason = "want true or false"
		}
		return badUsage(cmd, "--%s %s: %s", f.Name, invalid.GetValue(), reason)
	}
	return badUsage(cmd, "%v", err)
}

func unknownFlag(cmd *cobra.Command, err *pflag.NotExistError) error {
	name, dashes := err.GetSpecifiedName(), "--"
	if short := err.GetSpecifiedShortnames(); short != "" {
		name, dashes = short, "-"
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := closest(name, names); near != "" {
		return badUsage(cmd, "unknown flag %s%s; did you mean --%s?", dashes, name, near)
	}
	return badUsage(cmd, `unknown flag %s%s; "carbon %s --help" lists the flags`, dashes, name, commandName(cmd))
}
