package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// unknownCommand is the error for a command that cmd does not have.
func unknownCommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, c := range cmd.Commands() {
		for _, other := range c.SuggestFor {
			if other == name {
				return badUsage(cmd, "unknown command %q; did you mean %q?", name, c.Name())
			}
		}
		names = append(names, c.Name())
	}
	if near := closest(name, names); near != "" {
		return badUsage(cmd, "unknown command %q; did you mean %q?", name, near)
	}
	return badUsage(cmd, `unknown command %q; "%s --help" lists the commands`, name, cmd.CommandPath())
}

// closest returns the candidate that word is most likely a misspelling or the
// beginning of, or "".
func closest(word string, candidates []string) string {
	best, limit := "", 1+min(len(word), 12)/5
	for _, c := range candidates {
		if d := distance(word, c); d <= limit {
			best, limit = c, d-1
		}
	}
	if best != "" || len(word) < 2 {
		return best
	}
	for _, c := range candidates {
		if strings.HasPrefix(c, word) {
			return c
		}
	}
	return ""
}

// distance returns how many letters must be inserted, deleted, replaced or swapped with
// their neighbor to turn a into b.
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
			default:
				d[i][j] = 1 + min(d[i-1][j], d[i][j-1], d[i-1][j-1])
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d[i][j] = min(d[i][j], 1+d[i-2][j-2])
				}
			}
		}
	}
	return d[len(a)][len(b)]
}
