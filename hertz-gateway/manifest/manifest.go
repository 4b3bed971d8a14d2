// Package manifest reads resources from files: YAML or JSON, one or many
// documents, lists, or an object with "resources". Read is what `dgate-cli apply`
// takes, Inline what stands in a larger file. What they say is not checked here.
package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Resource is one resource of a file.
type Resource struct {
	JSON json.RawMessage
	// File and Line say where it begins.
	File string
	Line int
	node *yaml.Node
}

// Place gives file and line of the place that a JSON pointer names in the
// resource; the nearest there is.
func (r *Resource) Place(pointer string) string {
	node, line := r.node, r.Line
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		next := child(node, token)
		if next == nil {
			break
		}
		node, line = next, next.Line
	}
	return r.File + ":" + strconv.Itoa(line)
}

func child(n *yaml.Node, token string) *yaml.Node {
	switch {
	case n == nil:
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == token {
				return n.Content[i+1]
			}
		}
	case n.Kind == yaml.SequenceNode:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}

// Inline reads the resources that stand at a node of a file: one, or a list of
// resources and of names of files and directories, which Read reads.
func Inline(file string, n *yaml.Node) (all []Resource, err error) {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, node := range list {
		var more []Resource
		switch {
		case node.Kind != yaml.ScalarNode:
			more, err = resources(file, file, node)
		case node.Tag == "!!str":
			if more, err = Read([]string{node.Value}, strings.NewReader("")); err != nil {
				err = fmt.Errorf("%s:%d: %w", file, node.Line, err)
			}
		case node.Tag != "!!null":
			err = fmt.Errorf("%s:%d: expected a resource with its kind, or the name of a file", file, node.Line)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// Read reads files, directories (all *.yaml, *.yml and *.json in them) and "-"
// for stdin.
func Read(paths []string, stdin io.Reader) (all []Resource, err error) {
	for _, path := range paths {
		files := []string{path}
		if info, err := os.Stat(path); err == nil && info.IsDir() && path != "-" {
			if files, err = filesIn(path); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			more, err := readFile(file, stdin)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
	}
	return all, nil
}

func filesIn(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no *.yaml, *.yml or *.json file", dir)
	}
	return files, err
}

func readFile(path string, stdin io.Reader) ([]Resource, error) {
	name, in := path, stdin
	if path == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // only read
		in = f
	}
	var out []Resource
	decoder := yaml.NewDecoder(in)
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		more, err := resources(name, path, doc.Content[0])
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
}

// resources are those of one document.
func resources(name, path string, n *yaml.Node) (out []Resource, err error) {
	list := []*yaml.Node{n}
	switch inner := child(n, "resources"); {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return nil, nil
	case n.Kind == yaml.SequenceNode:
		list = n.Content
	case inner != nil && child(n, "kind") == nil:
		list = inner.Content
	}
	for _, node := range list {
		if node.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("%s:%d: expected a resource with its kind", name, node.Line)
		}
		if err := payloadOf(node, filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, node.Line, err)
		}
		text, err := toJSON(node)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, Resource{JSON: text, File: name, Line: node.Line, node: node})
	}
	return out, nil
}

// payloadOf replaces payloadFile, a path beside the file, by the text in it.
func payloadOf(n *yaml.Node, dir string) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "payloadFile" {
			continue
		}
		path := n.Content[i+1].Value
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("payloadFile: %w", err)
		}
		n.Content[i] = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "payloadRaw", Line: n.Content[i].Line}
		n.Content[i+1] = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: string(text), Line: n.Content[i].Line}
	}
	return nil
}

// maxDepth bounds what YAML may nest; its aliases could nest without end.
const maxDepth = 100

// toJSON writes a YAML value as JSON; numbers keep their digits.
func toJSON(n *yaml.Node) (json.RawMessage, error) { return appendJSON(nil, n, 0) }

func appendJSON(b []byte, n *yaml.Node, depth int) (_ []byte, err error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: nested too deep", n.Line)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return nil, fmt.Errorf("line %d: aliases are not read", n.Line)
	case yaml.MappingNode:
		b = append(b, '{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendText(b, n.Content[i].Value); err != nil {
				return nil, err
			}
			b = append(b, ':')
			if b, err = appendJSON(b, n.Content[i+1], depth+1); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	case yaml.SequenceNode:
		b = append(b, '[')
		for i, e := range n.Content {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendJSON(b, e, depth+1); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	switch tag := n.ShortTag(); {
	case tag == "!!null":
		return append(b, "null"...), nil
	case tag == "!!bool":
		var v bool
		if err := n.Decode(&v); err != nil {
			return nil, err
		}
		return strconv.AppendBool(b, v), nil
	case (tag == "!!int" || tag == "!!float") && json.Valid([]byte(n.Value)):
		return append(b, n.Value...), nil
	}
	return appendText(b, n.Value)
}

func appendText(b []byte, s string) ([]byte, error) {
	text, err := json.Marshal(s)
	return append(b, text...), err
}
