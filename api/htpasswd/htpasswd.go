// Package htpasswd reads files of Apache's htpasswd: a line NAME:HASH for each user.
// It supports bcrypt ($2y$), Apache's MD5 ($apr1$) and SHA-1 ({SHA}). Other hashes, and
// passwords in plain text, are errors.
package htpasswd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

// File holds the users of a file. A nil File has no users. Its methods may be called by
// several goroutines.
type File struct {
	hashes map[string]string

	// Hashes are slow on purpose: few are computed at once, and passwords that were
	// right are remembered as SHA-256.
	slots chan struct{}
	mu    sync.Mutex
	known map[[sha256.Size]byte]bool
}

const (
	atOnce   = 2
	maxKnown = 1000
	longest  = 1024 // bytes of a password; bcrypt takes 72
	maxLine  = 4096
)

// Parse reads a file. Errors begin with the line number.
func Parse(r io.Reader) (*File, error) {
	f := &File{hashes: map[string]string{}, slots: make(chan struct{}, atOnce), known: map[[sha256.Size]byte]bool{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, hash, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("%d: want NAME:HASH", n)
		}
		if !supported(hash) {
			return nil, fmt.Errorf("%d: the hash of %s must be bcrypt, MD5 ($apr1$) or SHA-1", n, name)
		}
		f.hashes[name] = hash
	}
	return f, lines.Err()
}

func supported(hash string) bool {
	if _, err := bcrypt.Cost([]byte(hash)); err == nil {
		return true
	}
	if coded, ok := strings.CutPrefix(hash, "{SHA}"); ok {
		sum, err := base64.StdEncoding.DecodeString(coded)
		return err == nil && len(sum) == sha1.Size
	}
	return strings.HasPrefix(hash, apr1) && strings.Count(hash, "$") == 3
}

// Check reports whether password is the password of a user. It returns false if ctx is
// done first. For unknown users it takes as long as for known ones.
func (f *File) Check(ctx context.Context, name, password string) bool {
	if f == nil || len(password) > longest {
		return false
	}
	hash, exists := f.hashes[name]
	if !exists {
		hash = f.any()
	}
	key := sha256.Sum256([]byte(hash + "\x00" + password))
	f.mu.Lock()
	known := f.known[key]
	f.mu.Unlock()
	if known {
		return exists
	}
	select {
	case f.slots <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	ok := match(hash, password)
	<-f.slots
	if !ok || !exists {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.known) >= maxKnown {
		clear(f.known)
	}
	f.known[key] = true
	return true
}

// any returns one of the hashes, or "" if there are none.
func (f *File) any() string {
	for _, hash := range f.hashes {
		return hash
	}
	return ""
}

func match(hash, password string) bool {
	switch {
	case hash == "":
		return false
	case strings.HasPrefix(hash, "{SHA}"):
		sum := sha1.Sum([]byte(password))
		return same(hash, "{SHA}"+base64.StdEncoding.EncodeToString(sum[:]))
	case strings.HasPrefix(hash, apr1):
		salt, _, _ := strings.Cut(hash[len(apr1):], "$")
		return same(hash, apacheMD5(password, salt))
	}
	// As Apache does: bcrypt uses the first 72 bytes.
	return bcrypt.CompareHashAndPassword([]byte(hash), bytes.Clone([]byte(password)[:min(len(password), 72)])) == nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
