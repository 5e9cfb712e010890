package carbon_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	maxFileLines     = 600 // of files other than tests
	maxFunctionLines = 80
	maxTestLines     = 100 // of a function in a test
)

// TestSizes limits the length of files and functions. A function whose lines are mostly
// one literal is a table and may be longer.
func TestSizes(t *testing.T) {
	files := token.NewFileSet()
	lines := func(n ast.Node) int { return files.Position(n.End()).Line - files.Position(n.Pos()).Line + 1 }
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (name == "node_modules" || name == "bundle" || name == "testdata" || name == ".git") {
			return fs.SkipDir
		}
		isTest := strings.HasSuffix(path, "_test.go")
		switch filepath.Ext(path) {
		case ".go", ".ts", ".tsx", ".css":
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if n := bytes.Count(content, []byte("\n")); n > maxFileLines && !isTest {
				t.Errorf("%s has %d lines, more than %d: does it hold two ideas?", path, n, maxFileLines)
			}
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		limit := maxFunctionLines
		if isTest {
			limit = maxTestLines
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && lines(f) > limit && 2*longestLiteral(f, lines) < lines(f) {
				t.Errorf("%s: %s has %d lines, more than %d: does a part of it want a name?", files.Position(f.Pos()), f.Name.Name, lines(f), limit)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// longestLiteral returns the lines of the longest composite literal in a function.
func longestLiteral(f *ast.FuncDecl, lines func(ast.Node) int) (longest int) {
	ast.Inspect(f, func(n ast.Node) bool {
		if literal, ok := n.(*ast.CompositeLit); ok {
			longest = max(longest, lines(literal))
		}
		return true
	})
	return longest
}
