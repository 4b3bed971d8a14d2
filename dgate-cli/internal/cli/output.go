package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"gopkg.in/yaml.v3"
)

// Output is the form in which data is printed. It is the value of a flag.
type Output string

// The forms.
const (
	OutputTable Output = "table"
	OutputJSON  Output = "json"
	OutputYAML  Output = "yaml"
)

// Outputs lists the forms.
func Outputs() []string {
	return []string{string(OutputTable), string(OutputJSON), string(OutputYAML)}
}

// String is the flag's value.
func (o *Output) String() string { return string(*o) }

// Type names the flag's values in a help text.
func (o *Output) Type() string { return strings.Join(Outputs(), "|") }

// Set takes one of Outputs.
func (o *Output) Set(s string) error {
	for _, known := range Outputs() {
		if s == known {
			*o = Output(s)
			return nil
		}
	}
	return fmt.Errorf("it is one of %s", strings.Join(Outputs(), ", "))
}

// Print writes data in the form asked for; table writes the form for people.
// The other forms come from data's JSON.
func (e *Env) Print(data any, table func(*Table)) error {
	var out []byte
	switch e.Output {
	case OutputTable:
		t := Table{Colour: e.Colour}
		table(&t)
		out = t.bytes()
	case OutputJSON, OutputYAML:
		compact, err := marshal(data)
		if err != nil {
			return err
		}
		if out, err = format(e.Output, compact); err != nil {
			return err
		}
	}
	_, err := e.Stdout.Write(out)
	return err
}

// PrintJSON writes a JSON text, indented, or as YAML when that is asked for.
func (e *Env) PrintJSON(text json.RawMessage) error {
	out, err := format(e.Output, text)
	if err != nil {
		return err
	}
	_, err = e.Stdout.Write(out)
	return err
}

// marshal leaves "<" and "&" as they are.
func marshal(data any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(data)
	return b.Bytes(), err
}

// format never decodes a value: numbers keep their digits, members their order.
func format(o Output, text []byte) ([]byte, error) {
	if o == OutputYAML {
		node, err := yamlOf(json.NewDecoder(bytes.NewReader(text)))
		if err != nil {
			return nil, err
		}
		return yaml.Marshal(node)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(text), "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// yamlOf reads one JSON value.
func yamlOf(d *json.Decoder) (*yaml.Node, error) {
	d.UseNumber()
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		if v == '{' {
			node.Kind, node.Tag = yaml.MappingNode, "!!map"
		}
		for d.More() {
			// A member is two values in a row: its name and what it holds.
			element, err := yamlOf(d)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, element)
		}
		_, err := d.Token()
		return node, err
	case string:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v}, nil
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: v.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(v)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}

// Table collects what is printed for people: rows in columns, and lines. The
// zero value is empty.
type Table struct {
	// Colour tells that colours are wanted.
	Colour bool
	done   bytes.Buffer
	rows   *tabwriter.Writer
}

// Row adds a row to the table that the last Line ended or Row began.
func (t *Table) Row(cells ...string) {
	if t.rows == nil {
		t.rows = tabwriter.NewWriter(&t.done, 0, 8, 2, ' ', 0)
	}
	for i, cell := range cells {
		cells[i] = OneLine(cell)
	}
	_, _ = fmt.Fprintln(t.rows, strings.Join(cells, "\t")) // into a buffer
}

// Line ends the rows before it and adds a line of text.
func (t *Table) Line(text string) {
	t.flush()
	t.done.WriteString(text + "\n")
}

func (t *Table) flush() {
	if t.rows != nil {
		_ = t.rows.Flush() // into a buffer
		t.rows = nil
	}
}

func (t *Table) bytes() []byte {
	t.flush()
	// The last column needs no padding.
	lines := strings.Split(t.done.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return []byte(strings.Join(lines, "\n"))
}
