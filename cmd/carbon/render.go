package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// outputFormat is a format of /render.
type outputFormat struct {
	name      string
	mediaType string // of an answer in this format
	binary    bool
}

var outputFormats = []outputFormat{
	{"csv", "text/csv", false},
	{"json", "application/json", false},
	{"msgpack", "application/x-msgpack", true},
	{"pdf", "application/x-pdf", true},
	{"pickle", "application/pickle", true},
	{"png", "image/png", true},
	{"raw", "text/plain", false},
	{"svg", "image/svg+xml", false},
}

// renderOptions are the flags of `carbon render` for its output.
type renderOptions struct {
	format, output string
	width, height  int
	params         []string // NAME=VALUE
}

// renderCommand returns `carbon render`, which evaluates targets.
func renderCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "render [flags] TARGET...",
		Short: "evaluate targets and write an image or data",
		Long: `A server evaluates the targets. With --data, carbon render evaluates them
itself, from the files of a server that is not running.
`,
		Example: `  carbon render servers.web01.load
  carbon render 'sumSeries(servers.*.cpu)' --from -1d --output cpu.png
  carbon render --format csv 'scale(a.b,60)' --data /var/lib/carbon > a.csv
`,
		SuggestFor: []string{"graph", "plot", "get", "query", "fetch"},
		Args:       someArguments("TARGET"),
	}
	from := sourceFlags(cmd, p)
	var window windowFlags
	window.declare(cmd)
	var o renderOptions
	flagGroup(cmd, "Output:", func(fs *pflag.FlagSet) {
		var names []string
		for _, f := range outputFormats {
			names = append(names, f.name)
		}
		fs.StringVar(&o.format, "format", "", "`FORMAT`: "+strings.Join(names, ", ")+" (default by the extension of --output, else json)")
		choices(fs, "format", names...)
		fs.StringVar(&o.output, "output", "-", "`FILE`: file to write; - is standard output (default -)")
		fs.IntVar(&o.width, "width", 0, "`PIXELS`: width of the image (default the server's)")
		fs.IntVar(&o.height, "height", 0, "`PIXELS`: height of the image (default the server's)")
		fs.StringArrayVar(&o.params, "param", nil, "`NAME=VALUE`: another parameter of /render, as in areaMode=stacked; can be repeated")
	})
	cmd.ValidArgsFunction = from.completeMetric
	cmd.RunE = func(cmd *cobra.Command, targets []string) error {
		terminal := isTerminal(p.stdout)
		form, format, err := o.form(cmd, terminal)
		if err != nil {
			return err
		}
		form["target"] = targets
		window.addTo(form)
		mediaType, body, err := from.post(cmd.Context(), "/render", form)
		if err != nil {
			return err
		}
		if got, _, _ := strings.Cut(mediaType, ";"); got != format.mediaType && (format.name != "pdf" || got != "application/pdf") {
			return fmt.Errorf("render: want %s, the server answered %s", format.mediaType, got)
		}
		if o.output == "-" {
			if terminal && !bytes.HasSuffix(body, []byte("\n")) {
				body = append(body, '\n') // before the prompt
			}
			_, err = p.stdout.Write(body)
			return err
		}
		return writeFile(o.output, body)
	}
	return cmd
}

// form checks the options and returns them as parameters of /render.
func (o *renderOptions) form(cmd *cobra.Command, terminal bool) (url.Values, outputFormat, error) {
	name := o.format
	if name == "" {
		name = formatOf(o.output)
	}
	format, ok := findFormat(name)
	switch {
	case !ok:
		return nil, format, checkChoice(cmd, "format", name)
	case format.binary && o.output == "-" && terminal:
		return nil, format, badUsage(cmd, "format %s is binary: write it to a file with --output FILE", name)
	case o.width < 0:
		return nil, format, badUsage(cmd, "--width %d: want 1 or more", o.width)
	case o.height < 0:
		return nil, format, badUsage(cmd, "--height %d: want 1 or more", o.height)
	}
	form := url.Values{"format": {name}}
	for name, pixels := range map[string]int{"width": o.width, "height": o.height} {
		if pixels > 0 {
			form.Set(name, strconv.Itoa(pixels))
		}
	}
	for _, param := range o.params {
		name, value, ok := strings.Cut(param, "=")
		if !ok || name == "" {
			return nil, format, badUsage(cmd, "--param %s: want NAME=VALUE", param)
		}
		form.Add(name, value)
	}
	return form, format, nil
}

func findFormat(name string) (outputFormat, bool) {
	for _, f := range outputFormats {
		if f.name == name {
			return f, true
		}
	}
	return outputFormat{}, false
}

// formatOf returns the format that the extension of a file names; json if none.
func formatOf(path string) string {
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	if ext == "txt" {
		return "raw"
	}
	if _, ok := findFormat(ext); ok {
		return ext
	}
	return "json"
}

// writeFile writes a file whole, or not at all.
func writeFile(path string, body []byte) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, body, 0o644) // a pipe, or /dev/stdout
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(body)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
