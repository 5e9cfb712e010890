package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// manCommand returns `carbon man`, which writes a man page for each command. cobra/doc
// could, but prints flags without their groups and with empty defaults.
func manCommand(p program) *cobra.Command {
	return &cobra.Command{
		Use:   "man [DIR]",
		Short: "write the man pages",
		Long: `Writes carbon.1, and one page for each command, to DIR (default: the current
directory).
`,
		Example: `  carbon man && man ./carbon.1
  carbon man /usr/local/share/man/man1
`,
		Args: func(cmd *cobra.Command, args []string) error { return noArguments(cmd, args[min(1, len(args)):]) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := append(args, ".")[0]
			n, err := writeManPages(dir, cmd.Root())
			if err == nil {
				_, err = fmt.Fprintf(p.stdout, "%d man pages written to %s\n", n, dir)
			}
			return err
		},
	}
}

// writeManPages writes the pages of a command and its subcommands, and returns how many.
func writeManPages(dir string, cmd *cobra.Command) (n int, err error) {
	var page strings.Builder
	writeManPage(&page, cmd)
	if err := os.WriteFile(filepath.Join(dir, manName(cmd)+".1"), []byte(page.String()), 0o644); err != nil {
		return 0, err
	}
	n = 1
	for _, c := range cmd.Commands() {
		if c.Hidden {
			continue
		}
		written, err := writeManPages(dir, c)
		if err != nil {
			return 0, err
		}
		n += written
	}
	return n, nil
}

func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// writeManPage writes a man page in the macros of man(7).
func writeManPage(w io.Writer, cmd *cobra.Command) {
	fmt.Fprintf(w, ".TH %s 1 \"\" \"carbon %s\" \"carbon\"\n", strings.ToUpper(manName(cmd)), version)
	fmt.Fprintf(w, ".SH NAME\n%s \\- %s\n", roff(manName(cmd)), roff(cmd.Short))
	fmt.Fprintf(w, ".SH SYNOPSIS\n.B %s\n", roff(cmd.UseLine()))
	fmt.Fprintf(w, ".SH DESCRIPTION\n%s\n", roff(summary(cmd)))
	writeManText(w, cmd.Long)
	writeManSections(w, "COMMANDS", commandSections(cmd))
	writeManSections(w, "FLAGS", flagSections(cmd))
	if cmd.Example != "" {
		fmt.Fprint(w, ".SH EXAMPLES\n")
		writeManText(w, cmd.Example)
	}
	var also []string
	if cmd.HasParent() {
		also = append(also, roff(manName(cmd.Parent())))
	}
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			also = append(also, roff(manName(c)))
		}
	}
	fmt.Fprintf(w, ".SH SEE ALSO\n.BR %s (1)\n", strings.Join(also, " (1),\n.BR "))
}

func writeManSections(w io.Writer, title string, sections []section) {
	if len(sections) > 0 {
		fmt.Fprintf(w, ".SH %s\n", title)
	}
	for _, s := range sections {
		if len(sections) > 1 {
			fmt.Fprintf(w, ".SS %s\n", roff(strings.TrimSuffix(s.title, ":")))
		}
		for _, e := range s.entries {
			fmt.Fprintf(w, ".TP\n.B %s\n%s\n", roff(e.term), roff(e.text))
		}
	}
}

// writeManText writes paragraphs; indented ones keep their lines.
func writeManText(w io.Writer, text string) {
	if text == "" {
		return
	}
	for _, paragraph := range strings.Split(text, "\n\n") {
		before, after := ".PP\n", ""
		if strings.HasPrefix(paragraph, "  ") {
			before, after = ".PP\n.nf\n.RS\n", ".RE\n.fi\n"
		}
		fmt.Fprint(w, before)
		for line := range strings.Lines(paragraph) {
			fmt.Fprintln(w, roff(strings.TrimSpace(line)))
		}
		fmt.Fprint(w, after)
	}
}

// roff escapes text for roff.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`, "`", `\(ga`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}
