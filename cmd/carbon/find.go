package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// findCommand returns `carbon find`, which lists metrics.
func findCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "find [flags] PATTERN...",
		Short: "list the metrics that match a pattern",
		Long: `In a pattern, *, ?, [a-z] and {a,b} match within one node of a name; ** matches
any number of nodes. A name that ends in a dot is a branch. The exit code is 1
if nothing matches.
`,
		Example: `  carbon find 'servers.*.cpu'
  carbon find --leaves '**' --data /var/lib/carbon
  carbon find --tagged name=cpu 'host=~web'
`,
		SuggestFor: []string{"list", "ls", "metrics", "search"},
		Args:       someArguments("PATTERN"),
	}
	from := sourceFlags(cmd, p)
	var window windowFlags
	window.declare(cmd)
	var leaves, tagged, asJSON bool
	flagGroup(cmd, "Search and output:", func(fs *pflag.FlagSet) {
		fs.BoolVar(&leaves, "leaves", false, "list metrics only, no branches")
		fs.BoolVar(&tagged, "tagged", false, "list tagged series; arguments are tag expressions, such as dc=eu or 'host=~web.*', that all must match")
		fs.BoolVar(&asJSON, "json", false, "print JSON: path and is_leaf of each node, or with --tagged the names")
	})
	cmd.ValidArgsFunction = from.completeMetric
	cmd.RunE = func(cmd *cobra.Command, patterns []string) error {
		var found []foundNode
		var err error
		if tagged {
			found, err = from.findTagged(cmd.Context(), patterns)
		} else {
			form := url.Values{"format": {"json"}}
			window.addTo(form)
			if leaves {
				form.Set("leavesOnly", "1")
			}
			found, err = from.find(cmd.Context(), patterns, form)
		}
		if err != nil {
			return err
		}
		if err := writeFound(p.stdout, found, asJSON, tagged); err != nil {
			return err
		}
		if len(found) == 0 {
			return exitCode(1)
		}
		return nil
	}
	return cmd
}

// foundNode is a node in an answer of /metrics/find.
type foundNode struct {
	Path string `json:"path"`
	Leaf bool   `json:"is_leaf"`
}

// find returns the nodes that match any of the patterns.
func (s *source) find(ctx context.Context, patterns []string, form url.Values) (all []foundNode, err error) {
	seen := map[foundNode]bool{}
	for _, pattern := range patterns {
		form.Set("query", pattern)
		var nodes []foundNode
		if err := s.postForJSON(ctx, "/metrics/find", form, &nodes); err != nil {
			return nil, err
		}
		for _, n := range nodes {
			if !seen[n] {
				seen[n] = true
				all = append(all, n)
			}
		}
	}
	return all, nil
}

// findTagged returns the tagged series that match all expressions.
func (s *source) findTagged(ctx context.Context, exprs []string) (all []foundNode, err error) {
	var names []string
	if err := s.postForJSON(ctx, "/tags/findSeries", url.Values{"expr": exprs}, &names); err != nil {
		return nil, err
	}
	for _, name := range names {
		all = append(all, foundNode{name, true})
	}
	return all, nil
}

func (s *source) postForJSON(ctx context.Context, path string, form url.Values, into any) error {
	mediaType, body, err := s.post(ctx, path, form)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: want JSON, got %s: is %s a Graphite server?", strings.Trim(path, "/"), mediaType, s.server)
	}
	return nil
}

// completeMetric completes the last node of a metric's name.
func (s *source) completeMetric(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
	defer cancel()
	found, err := s.find(ctx, []string{word + "*"}, url.Values{"format": {"json"}})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, n := range found {
		if !n.Leaf {
			n.Path += "."
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		names = append(names, n.Path)
	}
	return names, directive
}

func writeFound(w io.Writer, found []foundNode, asJSON, namesOnly bool) error {
	var text bytes.Buffer
	switch {
	case asJSON && namesOnly:
		names := make([]string, len(found))
		for i, n := range found {
			names[i] = n.Path
		}
		json.NewEncoder(&text).Encode(names)
	case asJSON:
		json.NewEncoder(&text).Encode(append([]foundNode{}, found...))
	default:
		for _, n := range found {
			text.WriteString(n.Path)
			if !n.Leaf {
				text.WriteByte('.')
			}
			text.WriteByte('\n')
		}
	}
	_, err := text.WriteTo(w)
	return err
}
