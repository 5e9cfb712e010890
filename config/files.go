package config

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"carbon"
	"carbon/codec/ini"
	"carbon/ingest/filter"
	"carbon/render/graph"
	"carbon/storage/schema"
)

// LoadRules parses storage-schemas.conf and storage-aggregation.conf, or their
// built-in defaults. Errors and warnings begin with FILE:LINE.
func (c *Config) LoadRules() (*schema.Rules, []string, error) {
	var warnings []string
	read := func(path string, required bool, builtIn []byte, parse func(io.Reader) ([]ini.Error, error)) error {
		content, err := os.ReadFile(path)
		switch {
		case path == "", !required && errors.Is(err, fs.ErrNotExist):
			content = builtIn
		case err != nil:
			return err
		}
		found, err := parse(bytes.NewReader(content))
		for _, w := range found {
			warnings = append(warnings, w.In(path))
		}
		if err != nil {
			return atLine(path, err)
		}
		return nil
	}

	rules := &schema.Rules{}
	err := read(c.Schemas, c.schemasRequired, carbon.StorageSchemas, func(r io.Reader) (w []ini.Error, err error) {
		if rules.Schemas, err = schema.ParseSchemas(r); err == nil {
			w = rules.Schemas.Warnings
		}
		return w, err
	})
	if err != nil {
		return nil, warnings, err
	}
	err = read(c.Aggregation, c.aggregationRequired, nil, func(r io.Reader) (w []ini.Error, err error) {
		if rules.Aggregations, err = schema.ParseAggregation(r); err == nil {
			w = rules.Aggregations.Warnings
		}
		return w, err
	})
	return rules, warnings, err
}

// LoadTemplates parses graphTemplates.conf. If the file does not exist, it returns
// nil, which means the built-in templates. Errors begin with FILE:LINE.
func (c *Config) LoadTemplates() (*graph.Templates, error) {
	if c.Templates == "" {
		return nil, nil
	}
	f, err := os.Open(c.Templates)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := graph.ParseTemplates(f)
	if err != nil {
		return nil, atLine(c.Templates, err)
	}
	return t, nil
}

// NameLists returns the paths of blacklist.conf and whitelist.conf. The files need
// not exist.
func (c *Config) NameLists() (black, white string) {
	dir := c.Cache.WhitelistsDir
	if dir == "" {
		dir = filepath.Dir(c.File)
	}
	return filepath.Join(dir, "blacklist.conf"), filepath.Join(dir, "whitelist.conf")
}

// LoadNameLists parses blacklist.conf and whitelist.conf. A missing file gives an
// empty list. A line that cannot be parsed gives a warning.
func (c *Config) LoadNameLists() (lists filter.Lists, warnings []string, err error) {
	read := func(path string) (filter.List, error) {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		defer f.Close()
		list, found, err := filter.Parse(f)
		for _, w := range found {
			warnings = append(warnings, w.In(path))
		}
		if err != nil {
			return nil, atLine(path, err)
		}
		return list, nil
	}
	black, white := c.NameLists()
	if lists.Black, err = read(black); err != nil {
		return lists, warnings, err
	}
	lists.White, err = read(white)
	return lists, warnings, err
}

// CheckFiles parses all configuration files that the server parses at its start,
// except carbon.conf.
func (c *Config) CheckFiles() (warnings []string, err error) {
	_, warnings, err = c.LoadRules()
	if err != nil {
		return warnings, err
	}
	if c.Cache.UseWhitelist {
		_, found, err := c.LoadNameLists()
		warnings = append(warnings, found...)
		if err != nil {
			return warnings, err
		}
	}
	if _, err := c.LoadTemplates(); err != nil {
		return warnings, err
	}
	if c.TLS.Certificate != "" {
		_, err = c.LoadCertificate()
	}
	return warnings, err
}

// LoadCertificate reads the certificate and the key of [tls].
func (c *Config) LoadCertificate() (*tls.Certificate, error) {
	loaded, err := tls.LoadX509KeyPair(c.TLS.Certificate, c.TLS.Key)
	if err != nil {
		return nil, fmt.Errorf("[tls] CERTIFICATE, KEY: %w", err)
	}
	return &loaded, nil
}
