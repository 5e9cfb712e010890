package config

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"carbon"
	"carbon/codec/ini"
	"carbon/render/graph"
	"carbon/storage/schema"
)

// LoadRules reads the two storage files; an empty path means the built-in
// schemas, or carbon's defaults for aggregation. Errors and warnings begin with
// FILE:LINE.
func LoadRules(schemas, aggregation string) (*schema.Rules, []string, error) {
	var warnings []string
	read := func(path string, builtIn []byte, parse func(io.Reader) ([]schema.Warning, error)) error {
		content := builtIn
		if path != "" {
			var err error
			if content, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		found, err := parse(bytes.NewReader(content))
		for _, w := range found {
			warnings = append(warnings, fmt.Sprintf("%s:%d: %s", path, w.Line, w.Text))
		}
		var bad *schema.Error
		if errors.As(err, &bad) {
			return fmt.Errorf("%s:%d: %s", path, bad.Line, bad.Reason)
		}
		return err
	}

	rules := &schema.Rules{}
	err := read(schemas, carbon.StorageSchemas, func(r io.Reader) (w []schema.Warning, err error) {
		if rules.Schemas, err = schema.ParseSchemas(r); err == nil {
			w = rules.Schemas.Warnings
		}
		return w, err
	})
	if err != nil {
		return nil, warnings, err
	}
	err = read(aggregation, nil, func(r io.Reader) (w []schema.Warning, err error) {
		if rules.Aggregations, err = schema.ParseAggregation(r); err == nil {
			w = rules.Aggregations.Warnings
		}
		return w, err
	})
	return rules, warnings, err
}

// LoadTemplates reads graphTemplates.conf. Nil, for the templates built in, is the
// answer where there is none. The error begins with FILE:LINE.
func LoadTemplates(path string) (*graph.Templates, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := graph.ParseTemplates(f)
	var bad *ini.Error
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("%s:%d: %s", path, bad.Line, bad.Reason)
	}
	return t, err
}

// LoadCertificate reads the certificate and key of [tls].
func LoadCertificate(c TLSConfig) (*tls.Certificate, error) {
	loaded, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return nil, fmt.Errorf("[tls] CERTIFICATE, KEY: %w", err)
	}
	return &loaded, nil
}
