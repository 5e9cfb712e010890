package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// outputFormat is one way in which carbon render writes series.
type outputFormat struct {
	mediaType string // an answer of another one is not what was asked for
	binary    bool
}

var outputFormats = map[string]outputFormat{
	"png":     {"image/png", true},
	"svg":     {"image/svg+xml", false},
	"pdf":     {"application/x-pdf", true},
	"json":    {"application/json", false},
	"csv":     {"text/csv", false},
	"raw":     {"text/plain", false},
	"pickle":  {"application/pickle", true},
	"msgpack": {"application/x-msgpack", true},
}

// renderTargets evaluates targets and writes what comes out.
func renderTargets(ctx context.Context, p program, args []string) error {
	fs := flag.NewFlagSet("carbon render", flag.ContinueOnError)
	from := sourceFlags(fs, p)
	var window windowFlags
	window.declare(fs)
	names := strings.Join(slices.Sorted(maps.Keys(outputFormats)), ", ")
	format := fs.String("format", "", "`FORMAT` to write: "+names+" (default by the output's name, else json)")
	output := fs.String("output", "-", "`FILE` to write; - is standard output")
	width := fs.Int("width", 0, "of the picture, in pixels (default as the server)")
	height := fs.Int("height", 0, "of the picture, in pixels (default as the server)")
	form := url.Values{}
	fs.Func("param", "`NAME=VALUE` of any other parameter of /render, as areaMode=stacked; repeatable", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return fmt.Errorf("want NAME=VALUE")
		}
		form.Add(name, value)
		return nil
	})
	fs.Usage = func() {
		fmt.Fprint(fs.Output(), `usage: carbon render [FLAGS] TARGET ...

Evaluates targets by a server, or with --data over its files while it does not
run, and writes a picture or data.

  carbon render servers.web01.load
  carbon render 'sumSeries(servers.*.cpu)' --from -1d --output cpu.png
  carbon render --format csv 'scale(a.b,60)' --data /var/lib/carbon > a.csv

`)
		fs.PrintDefaults()
	}
	targets, err := parseMixed(fs, p, args)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return &usageError{"carbon render: want a target"}
	}
	if *format == "" {
		*format = formatOf(*output)
	}
	wanted, known := outputFormats[*format]
	switch {
	case !known:
		return &usageError{fmt.Sprintf("carbon render: --format %s: want one of %s", *format, names)}
	case wanted.binary && *output == "-" && isTerminal(p.stdout):
		return &usageError{fmt.Sprintf("carbon render: %s is nothing to read: write it with --output FILE", *format)}
	case *width < 0 || *height < 0:
		return &usageError{"carbon render: --width, --height: below 0"}
	}

	form["target"] = targets
	form.Set("format", *format)
	window.put(form)
	for name, pixels := range map[string]int{"width": *width, "height": *height} {
		if pixels > 0 {
			form.Set(name, strconv.Itoa(pixels))
		}
	}
	mediaType, body, err := from.ask(ctx, p, "/render", form)
	if err != nil {
		return err
	}
	if got, _, _ := strings.Cut(mediaType, ";"); got != wanted.mediaType && (*format != "pdf" || got != "application/pdf") {
		return fmt.Errorf("render: the server has no format %s: it answered %s", *format, got)
	}
	if *output == "-" {
		_, err = p.stdout.Write(body)
		return err
	}
	return writeWhole(*output, body)
}

// formatOf is the format that a file's name asks for.
func formatOf(path string) string {
	switch ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), "."); {
	case ext == "txt":
		return "raw"
	case outputFormats[ext].mediaType != "":
		return ext
	}
	return "json"
}

// writeWhole writes a file so that there is all of it or none.
func writeWhole(path string, body []byte) error {
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
