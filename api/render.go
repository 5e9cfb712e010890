package api

import (
	"context"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"carbon/render"
	"carbon/render/function"
	"carbon/render/graph"
)

// format is one way to write series.
type format struct {
	mediaType string
	write     func(w io.Writer, q *renderQuery, series []function.Series) error
}

// formats are the formats by name, except those of pictures.
var formats = map[string]format{
	"json":     {"application/json", writeJSON},
	"csv":      {"text/csv; charset=utf-8", writeCSV},
	"raw":      {"text/plain; charset=utf-8", writeRaw},
	"pickle":   {"application/pickle", writePickle},
	"msgpack":  {"application/x-msgpack", writeMsgpack},
	"dygraph":  {"application/json", writeDygraph},
	"rickshaw": {"application/json", writeRickshaw},

	"protobuf":        {messages2, writeProtobuf2},
	"protobuf3":       {messages2, writeProtobuf2},
	"carbonapi_v2_pb": {messages2, writeProtobuf2},
}

func (s *server) renderRoutes() []Route {
	return []Route{
		{
			Path: "/render", Methods: "GET POST", ID: "render",
			Doc: "Evaluates targets, and draws a graph of them or writes their points. Takes graphite-web's parameters of graphs too.",
			Params: []Param{
				{Name: "target", Type: "list of string", Doc: "Patterns of metrics, and functions of them.", Required: true},
				fromParam, untilParam, tzParam, nowParam,
				{Name: "format", Type: "string", Doc: "Format of the answer; any other value means png.", Options: optionsOf(maps.Keys(formats), maps.Keys(messageFormats), maps.Keys(pictures))},
				{Name: "graphType", Type: "string", Doc: "line: series over time; pie: shares of a whole, whose targets may be NAME:VALUE.", Options: []string{"line", "pie"}},
				{Name: "width", Type: "integer", Doc: "Width of the graph in pixels."},
				{Name: "height", Type: "integer", Doc: "Height of the graph in pixels."},
				{Name: "title", Type: "string", Doc: "Title of the graph."},
				{Name: "template", Type: "string", Doc: "Name of a graph template. template[NAME] is something else: a variable of template() in targets."},
				{Name: "maxDataPoints", Type: "integer", Doc: "Maximum number of points of each series; more are consolidated."},
				{Name: "noNullPoints", Type: "boolean", Doc: "Leave out points without a value."},
				{Name: "xFilesFactor", Type: "number", Doc: "Fraction of points that must be present for a consolidated point."},
				{Name: "noCache", Type: "boolean", Doc: "Do not answer from the cache of answers."},
				{Name: "cacheTimeout", Type: "integer", Doc: "Maximum age in seconds of an answer from the cache."},
				jsonpParam, prettyParam,
			},
			Example: `{"target":["a.b"],"from":"-1h","format":"json"}`,
			Answers: []string{"image/png", mediaJSON, "text/csv", mediaText, mediaPickle, mediaMsgpack, messages2, messages3},
			answer:  s.render, body: jsonParamsBody, cors: true,
		},
	}
}

// render answers /render.
func (s *server) render(w http.ResponseWriter, r *http.Request, p params) error {
	if messageVersion(r, p) == 3 {
		return s.renderMessages(w, r, p)
	}
	q, err := s.renderQuery(p)
	if err != nil {
		return err
	}
	f, known := formats[q.format]
	drawn := q.pie || !known // as in graphite-web, pies are pictures in every format
	if drawn {
		f = pictureFormat(q.format)
		// Errors are found before the evaluation.
		if q.options, err = graph.ParseOptions(q.graphParams, s.Templates()); err != nil {
			return err
		}
	}
	cacheKey := ""
	if q.cacheAge > 0 {
		cacheKey = p.cacheKey()
		if a, ok := s.answers.get(cacheKey, s.Now().Add(-q.cacheAge)); ok {
			w.Header().Set("Content-Type", a.mediaType)
			s.setCaching(w.Header(), q.maxAge)
			return streamTagged(w, r, func(out io.Writer) error {
				_, err := out.Write(a.body)
				return err
			})
		}
	}
	made := s.Now()
	series, release, err := s.evaluate(r.Context(), q)
	if err != nil {
		return err
	}
	defer release()
	write := func(out io.Writer) error { return f.write(out, q, series) }
	if drawn {
		picture, err := s.draw(r.Context(), write)
		if err != nil {
			return err
		}
		write = func(out io.Writer) error {
			_, err := picture.WriteTo(out)
			return err
		}
	}
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	if q.jsonp != "" && (f.mediaType == "application/json" || f.mediaType == svgImage) {
		h.Set("Content-Type", "text/javascript; charset=utf-8")
	}
	s.setCaching(h, q.maxAge)
	if q.cacheAge == 0 {
		return streamTagged(w, r, write)
	}
	rec := &recorder{}
	err = streamTagged(w, r, func(out io.Writer) error {
		rec.Writer = out
		return write(rec)
	})
	if err == nil && !rec.long {
		s.answers.put(&cachedAnswer{cacheKey, h.Get("Content-Type"), rec.body, made})
	}
	return err
}

// evaluate returns the series of all targets. They are valid until release is called.
func (s *server) evaluate(ctx context.Context, q *renderQuery) (series []function.Series, release func(), err error) {
	if q.pie {
		return s.evaluatePie(ctx, q)
	}
	result, release, err := s.evaluations.do(ctx, q.key(), func() (*render.Result, error) {
		return s.Renderer.Render(ctx, q.Request)
	})
	if err != nil {
		return nil, nil, err
	}
	return result.Series, release, nil
}

// setCaching sets for how many seconds browsers and proxies may cache an answer.
func (s *server) setCaching(h http.Header, seconds int) {
	h.Set("Expires", s.Now().Add(time.Duration(seconds)*time.Second).UTC().Format(http.TimeFormat))
	if seconds == 0 {
		h.Set("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private")
		return
	}
	h.Set("Cache-Control", "max-age="+strconv.Itoa(seconds))
}

func writeJSON(w io.Writer, q *renderQuery, series []function.Series) error {
	return q.inCall(w, func() error {
		return render.WriteJSON(w, series, render.JSONOptions{NoNullPoints: q.noNull, Pretty: q.pretty})
	})
}

func writeDygraph(w io.Writer, q *renderQuery, series []function.Series) error {
	return q.inCall(w, func() error { return render.WriteDygraph(w, series) })
}

func writeRickshaw(w io.Writer, q *renderQuery, series []function.Series) error {
	return q.inCall(w, func() error { return render.WriteRickshaw(w, series, render.JSONOptions{Pretty: q.pretty}) })
}

func writePickle(w io.Writer, _ *renderQuery, series []function.Series) error {
	return render.WritePickle(w, series)
}

func writeMsgpack(w io.Writer, _ *renderQuery, series []function.Series) error {
	return render.WriteMsgpack(w, series)
}

func writeCSV(w io.Writer, q *renderQuery, series []function.Series) error {
	return render.WriteCSV(w, series, q.Location)
}

func writeRaw(w io.Writer, _ *renderQuery, series []function.Series) error {
	return render.WriteRaw(w, series)
}
