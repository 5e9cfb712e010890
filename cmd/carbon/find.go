package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// find lists what matches patterns, or tag expressions, a line each.
func find(ctx context.Context, p program, args []string) error {
	fs := flag.NewFlagSet("carbon find", flag.ContinueOnError)
	from := sourceFlags(fs, p)
	var window windowFlags
	window.declare(fs)
	leaves := fs.Bool("leaves", false, "metrics only, no branches")
	tagged := fs.Bool("tagged", false, "the arguments are tag expressions such as dc=eu or 'host=~web.*', all of which hold")
	asJSON := fs.Bool("json", false, "write a list in JSON: path and is_leaf of each; names with --tagged")
	fs.Usage = func() {
		fmt.Fprint(fs.Output(), `usage: carbon find [FLAGS] PATTERN ...
       carbon find [FLAGS] --tagged EXPRESSION ...

Lists the metrics that match: *, ?, [a-z] and {a,b} within a node, ** over many.
A name that ends in a dot is a branch. Nothing found is exit code 1.

  carbon find 'servers.*.cpu'
  carbon find --leaves '**' --data /var/lib/carbon
  carbon find --tagged name=cpu 'host=~web'

`)
		fs.PrintDefaults()
	}
	patterns, err := parseMixed(fs, p, args)
	if err != nil {
		return err
	}
	if len(patterns) == 0 {
		return &usageError{"carbon find: want a pattern"}
	}
	var found []foundNode
	if *tagged {
		found, err = from.findTagged(ctx, p, patterns)
	} else {
		form := url.Values{"format": {"json"}}
		window.put(form)
		if *leaves {
			form.Set("leavesOnly", "1")
		}
		found, err = from.find(ctx, p, patterns, form)
	}
	if err != nil {
		return err
	}
	if err := writeFound(p.stdout, found, *asJSON, *tagged); err != nil {
		return err
	}
	if len(found) == 0 {
		return exitCode(1)
	}
	return nil
}

// foundNode is what /metrics/find says of a node.
type foundNode struct {
	Path string `json:"path"`
	Leaf bool   `json:"is_leaf"`
}

func (s *source) find(ctx context.Context, p program, patterns []string, form url.Values) (all []foundNode, err error) {
	seen := map[foundNode]bool{}
	for _, pattern := range patterns {
		form.Set("query", pattern)
		var some []foundNode
		if err := s.askJSON(ctx, p, "/metrics/find", form, &some); err != nil {
			return nil, err
		}
		for _, n := range some {
			if !seen[n] {
				seen[n] = true
				all = append(all, n)
			}
		}
	}
	return all, nil
}

func (s *source) findTagged(ctx context.Context, p program, exprs []string) (all []foundNode, err error) {
	var names []string
	if err := s.askJSON(ctx, p, "/tags/findSeries", url.Values{"expr": exprs}, &names); err != nil {
		return nil, err
	}
	for _, name := range names {
		all = append(all, foundNode{name, true})
	}
	return all, nil
}

func (s *source) askJSON(ctx context.Context, p program, path string, form url.Values, into any) error {
	mediaType, body, err := s.ask(ctx, p, path, form)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: the answer is %s, not what was asked for: is there a Graphite at %s?", strings.Trim(path, "/"), mediaType, s.server)
	}
	return nil
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
