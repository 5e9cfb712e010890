package carbonlink

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"carbon/codec/pickle"
	"carbon/metric"
)

var (
	errTooLong  = errors.New("answer too long: query fewer metrics")
	errNotLocal = errors.New("set-metadata is allowed from the server's own machine only")
)

// answer writes the answer to one request.
func (r *Receiver) answer(ctx context.Context, out *bytes.Buffer, d *pickle.Decoder, frame []byte, local bool) error {
	request, err := d.Decode(frame)
	if err != nil {
		return err
	}
	if request.Kind() != pickle.Dict {
		return errors.New("request is not a dictionary")
	}
	text := func(key string) string {
		if v := d.Lookup(request, key); v.Kind() == pickle.Text {
			return d.Text(v)
		}
		return ""
	}
	p := pickle.NewWriter(out)
	p.Map(1)
	switch kind := text("type"); kind {
	case "cache-query":
		p.String("datapoints")
		r.points(p, text("metric"))
	case "cache-query-bulk":
		p.String("datapointsByMetric")
		if err := r.bulk(p, out, d, d.Lookup(request, "metrics")); err != nil {
			return err
		}
	case "get-metadata":
		if err := r.getMetadata(ctx, p, text("metric"), text("key")); err != nil {
			return err
		}
	case "set-metadata":
		if !local {
			return errNotLocal
		}
		if err := r.setMetadata(ctx, p, text("metric"), text("key"), text("value")); err != nil {
			return err
		}
	default:
		return fmt.Errorf("invalid request type %q", kind[:min(len(kind), 100)])
	}
	p.EndMap()
	return p.Close()
}

// points writes the points of a metric that are not stored yet: a list of
// [time, value].
func (r *Receiver) points(p *pickle.Writer, name string) {
	var points []metric.Point
	if canonical, err := metric.Canonical(name); err == nil {
		points, _ = r.o.Cache.Points(canonical)
	}
	p.List(len(points))
	for _, point := range points {
		p.List(2)
		p.Int(point.Time)
		p.Float(point.Value)
		p.EndList()
	}
	p.EndList()
}

// bulk writes the points of many metrics: a dictionary by name.
func (r *Receiver) bulk(p *pickle.Writer, out *bytes.Buffer, d *pickle.Decoder, names pickle.Value) error {
	switch names.Kind() {
	case pickle.List, pickle.Tuple, pickle.Set:
	default:
		return errors.New("metrics is not a list")
	}
	p.Map(0)
	seen := make(map[string]struct{}) // repeated names are answered once
	for _, v := range d.Items(names) {
		if v.Kind() != pickle.Text {
			continue
		}
		name := d.Text(v)
		if _, again := seen[name]; again {
			continue
		}
		seen[name] = struct{}{}
		p.String(name)
		r.points(p, name)
		if out.Len() > maxAnswer {
			return errTooLong
		}
	}
	p.EndMap()
	return nil
}

// aggregationMethod is the only key of metadata.
const aggregationMethod = "aggregationMethod"

func (r *Receiver) getMetadata(ctx context.Context, p *pickle.Writer, name, key string) error {
	if key != aggregationMethod {
		return fmt.Errorf("unsupported metadata key %q", key[:min(len(key), 100)])
	}
	canonical, err := metric.Canonical(name)
	if err != nil {
		return err
	}
	method, err := r.o.Metadata.Aggregation(ctx, canonical)
	if err != nil {
		return err
	}
	p.String("value")
	p.String(method)
	return nil
}

func (r *Receiver) setMetadata(ctx context.Context, p *pickle.Writer, name, key, value string) error {
	if key != aggregationMethod {
		return fmt.Errorf("unsupported metadata key %q", key[:min(len(key), 100)])
	}
	canonical, err := metric.Canonical(name)
	if err != nil {
		return err
	}
	old, err := r.o.Metadata.SetAggregation(ctx, canonical, value)
	if err != nil {
		return err
	}
	p.String("old_value")
	p.String(old)
	p.String("new_value")
	p.String(value)
	return nil
}
