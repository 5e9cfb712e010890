package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the length of a line of help.
const helpWidth = 80

// section is a list of commands or flags in the help, man page and reference of a command.
type section struct {
	title   string
	entries []entry
}

type entry struct{ term, text string }

// summary returns what a command does, as a sentence.
func summary(cmd *cobra.Command) string {
	return strings.ToUpper(cmd.Short[:1]) + cmd.Short[1:] + "."
}

// commandSections returns the subcommands of a command by group.
func commandSections(cmd *cobra.Command) (sections []section) {
	titles := map[string]string{"": "Commands:"}
	for _, g := range cmd.Groups() {
		titles[g.ID] = g.Title
	}
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			sections = appendEntry(sections, titles[c.GroupID], entry{c.Name(), c.Short})
		}
	}
	return sections
}

// flagSections returns the flags of a command by group, without --help.
func flagSections(cmd *cobra.Command) (sections []section) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if title := f.Annotations[groupAnnotation]; title != nil {
			sections = appendEntry(sections, title[0], flagEntry(f))
		}
	})
	return sections
}

// appendEntry appends an entry to the last section if that has the title, else to a new one.
func appendEntry(sections []section, title string, e entry) []section {
	if n := len(sections); n == 0 || sections[n-1].title != title {
		sections = append(sections, section{title: title})
	}
	last := &sections[len(sections)-1]
	last.entries = append(last.entries, e)
	return sections
}

func flagEntry(f *pflag.Flag) entry {
	term, text := "--"+f.Name, f.Usage
	if f.Shorthand != "" {
		term = "-" + f.Shorthand + ", " + term
	}
	if value := valueName(f); value != "" {
		term += " " + value
		// A default that is not the flag's, but the configuration's or server's, is in the text.
		if f.DefValue != "" && f.DefValue != "[]" && !strings.Contains(text, "(default") {
			text += " (default " + f.DefValue + ")"
		}
	}
	return entry{term, text}
}

// writeHelp writes what --help prints.
func writeHelp(w io.Writer, cmd *cobra.Command) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", wrap(summary(cmd), helpWidth, ""))
	if cmd.Long != "" {
		fmt.Fprintf(&b, "\n%s", cmd.Long)
	}
	fmt.Fprintf(&b, "\nUsage:\n  %s\n", cmd.UseLine())
	all := append(commandSections(cmd), flagSections(cmd)...)
	column := 0
	for _, s := range all {
		for _, e := range s.entries {
			if n := len(e.term) + 4; n <= helpWidth/2-4 {
				column = max(column, n)
			}
		}
	}
	for _, s := range all {
		fmt.Fprintf(&b, "\n%s\n", s.title)
		for _, e := range s.entries {
			indent := strings.Repeat(" ", column)
			text := wrap(e.text, helpWidth-column, indent)
			if term := "  " + e.term; len(term)+2 > column {
				fmt.Fprintf(&b, "%s\n%s%s\n", term, indent, text)
			} else {
				fmt.Fprintf(&b, "%-*s%s\n", column, term, text)
			}
		}
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s", cmd.Example)
	}
	io.WriteString(w, b.String())
}

// wrap breaks text into lines of at most width bytes; all but the first begin with indent.
func wrap(text string, width int, indent string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case column+1+len(word) > width:
			b.WriteString("\n" + indent)
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
