package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"carbon/codec/ini"
	"carbon/render/target"
)

// Load reads the configuration from carbon.conf, the environment and flags. Later
// ones override earlier ones. environ is a list of NAME=VALUE.
func Load(f Flags, environ []string) (*Config, error) {
	c := newConfig()
	if err := c.readFile(f.Config); err != nil {
		return nil, err
	}
	if err := c.readEnviron(environ); err != nil {
		return nil, err
	}
	for _, s := range f.Set {
		if err := c.readSetFlag(s); err != nil {
			return nil, err
		}
	}
	c.resolve(f)
	return c, c.validate()
}

// readFile reads the file with the given path. If the path is empty, it reads the
// first default path that exists, if any.
func (c *Config) readFile(given string) error {
	paths := []string{"carbon.conf", "/etc/carbon/carbon.conf"}
	if given != "" {
		paths = []string{given}
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if given == "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		defer file.Close()
		parsed, err := ini.Parse(file, ini.Options{InlineComments: true, Interpolation: true})
		if err != nil {
			return atLine(path, err)
		}
		c.File = path
		return c.readSections(path, parsed)
	}
	return nil
}

// atLine adds the path of the file to an error: FILE:LINE: reason for an *ini.Error,
// otherwise FILE: error.
func atLine(path string, err error) error {
	var e *ini.Error
	if errors.As(err, &e) {
		return errors.New(e.In(path))
	}
	return fmt.Errorf("%s: %w", path, err)
}

func (c *Config) readSections(path string, file *ini.File) error {
	for _, section := range file.Sections {
		name := strings.ToLower(section.Name)
		if program, isCarbons := carbonProgram(name); isCarbons {
			if program != "cache" || name != "cache" {
				c.warn("%s:%d: section [%s] is not supported and has no effect", path, section.Line, section.Name)
				continue
			}
		} else if !knownSection(name) {
			return fmt.Errorf("%s:%d: unknown section [%s]", path, section.Line, section.Name)
		}
		for _, k := range section.Keys {
			if err := c.set(name, k.Written, k.Value, fmt.Sprintf("%s:%d", path, k.Line)); err != nil {
				return err
			}
		}
	}
	return nil
}

// readEnviron reads the variables CARBON_SECTION__KEY.
func (c *Config) readEnviron(environ []string) error {
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		rest, ours := strings.CutPrefix(name, "CARBON_")
		section, key, isKey := strings.Cut(rest, "__")
		if !ours || !isKey {
			continue
		}
		if err := c.set(strings.ToLower(section), key, value, name); err != nil {
			return err
		}
	}
	return nil
}

// readSetFlag reads the value of a --set flag.
func (c *Config) readSetFlag(s string) error {
	path, value, ok := strings.Cut(s, "=")
	section, key, dotted := strings.Cut(path, ".")
	if !ok || !dotted {
		return fmt.Errorf("--set %s: want SECTION.KEY=VALUE", s)
	}
	return c.set(strings.ToLower(section), key, value, "--set "+path)
}

// set sets a key. where is the place of the key, for errors and warnings.
func (c *Config) set(sectionName, name, value, where string) error {
	value = strings.TrimSpace(value)
	if sectionName == "define" {
		return c.define(name, value, where)
	}
	if listener, ok := strings.CutPrefix(sectionName, "listener:"); ok {
		return c.setListener(listener, name, value, where)
	}
	if key, ok := strings.CutPrefix(sectionName, "hash:"); ok {
		if c.Hashes == nil {
			c.Hashes = map[string]map[string]string{}
		}
		if c.Hashes[key] == nil {
			c.Hashes[key] = map[string]string{}
		}
		c.Hashes[key][name] = value
		return nil
	}
	s := findSection(sectionName)
	if s == nil {
		return fmt.Errorf("%s: unknown section [%s]", where, sectionName)
	}
	if k := find(s.keys, name); k != nil {
		if err := k.setting.set(c, value); err != nil {
			return fmt.Errorf("%s: %s: %w", where, k.name, err)
		}
		return nil
	}
	if hint, known := unused[sectionName][fold(name)]; known {
		if hint != "" {
			c.warn("%s: %s: %s", where, strings.ToUpper(name), hint)
		}
		return nil
	}
	return fmt.Errorf("%s: unknown key %s in [%s]", where, strings.ToUpper(name), sectionName)
}

// define adds a function of [define].
func (c *Config) define(name, template, where string) error {
	if _, err := target.ParseDefines(map[string]string{name: template}); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if c.Define == nil {
		c.Define = map[string]string{}
	}
	c.Define[name] = template
	return nil
}

// warn adds a warning.
func (c *Config) warn(format string, args ...any) {
	c.Warning = append(c.Warning, fmt.Sprintf(format, args...))
}
