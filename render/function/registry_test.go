package function

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRegistryIsSorted(t *testing.T) {
	for i, s := range functions[1:] {
		if before := functions[i].Name; before >= s.Name {
			t.Errorf("%s is listed after %s", s.Name, before)
		}
	}
}

// TestRegistryIsComplete compares the list with the package's variables of type *Spec.
func TestRegistryIsComplete(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var values []*ast.ValueSpec
	makers := map[string]bool{} // functions that return a *Spec
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if r := d.Type.Results; d.Recv == nil && r != nil && len(r.List) == 1 && isSpec(r.List[0].Type) {
					makers[d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if v, ok := s.(*ast.ValueSpec); ok {
						values = append(values, v)
					}
				}
			}
		}
	}
	var listed, declared []string
	for _, v := range values {
		for i, value := range v.Values {
			switch value := value.(type) {
			case *ast.UnaryExpr:
				if c, ok := value.X.(*ast.CompositeLit); ok && isIdent(c.Type, "Spec") {
					declared = append(declared, v.Names[i].Name)
				}
			case *ast.CallExpr:
				if f, ok := value.Fun.(*ast.Ident); ok && makers[f.Name] {
					declared = append(declared, v.Names[i].Name)
				}
			case *ast.CompositeLit:
				if v.Names[i].Name == "functions" {
					for _, e := range value.Elts {
						listed = append(listed, e.(*ast.Ident).Name)
					}
				}
			}
		}
	}
	for _, name := range declared {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is declared but not listed", name)
		}
	}
	if len(declared) != len(listed) || len(listed) == 0 {
		t.Errorf("%d functions declared, %d listed", len(declared), len(listed))
	}
}

func isSpec(e ast.Expr) bool {
	star, ok := e.(*ast.StarExpr)
	return ok && isIdent(star.X, "Spec")
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}
