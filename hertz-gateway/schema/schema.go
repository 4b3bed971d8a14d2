package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	// MaxSize bounds the text of a schema in bytes.
	MaxSize = 64 << 10
	// maxSteps bounds how many pairs of a subschema and a value one check
	// looks at: references can make a small schema grow without end.
	maxSteps = 1 << 16
	// maxViolations is how many an Error lists.
	maxViolations = 20
	// maxDetail is where a violation's text, which can quote the value, is
	// cut, in bytes.
	maxDetail = 200
	// location is what a schema's relative references start from.
	location = "schema:///schema"
)

// Schema is a compiled JSON Schema. It is immutable and safe for concurrent use.
type Schema struct {
	text []byte
	// checkers are compiled copies, each used by one goroutine at a time: the
	// steps of a check are counted inside.
	checkers sync.Pool
}

// Violation is one thing that is wrong with a value, or with a schema.
type Violation struct {
	// Pointer is the JSON pointer of the place; empty is the whole.
	Pointer string
	Detail  string
}

// Error is everything found, at least one violation and at most twenty.
type Error struct{ Violations []Violation }

func (e *Error) Error() string {
	lines := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		lines[i] = v.Detail
		if v.Pointer != "" {
			lines[i] = v.Pointer + ": " + v.Detail
		}
	}
	return strings.Join(lines, "; ")
}

func fault(format string, args ...any) error {
	return &Error{[]Violation{{Detail: fmt.Sprintf(format, args...)}}}
}

// Compile reads the JSON text of a schema. References lead into the schema
// itself or to the published metaschemas. The error is an *Error.
func Compile(text []byte) (*Schema, error) {
	if len(text) > MaxSize {
		return nil, fault("the schema has %d bytes, %d is the most", len(text), MaxSize)
	}
	s := &Schema{text: bytes.Clone(text)}
	c, err := compile(s.text)
	if err != nil {
		return nil, err
	}
	s.checkers.Put(c)
	return s, nil
}

// Text is the JSON that the schema was compiled from. It is not to be changed.
func (s *Schema) Text() []byte { return s.text }

// Check says what is wrong with the JSON text data. The error is an *Error.
func (s *Schema) Check(data []byte) error {
	value, err := parse(data)
	if err != nil {
		return err
	}
	c, ok := s.checkers.Get().(*checker)
	if !ok {
		if c, err = compile(s.text); err != nil {
			return err
		}
	}
	err = c.check(value)
	s.checkers.Put(c)
	return err
}

// parse reads JSON with its numbers as they are written.
func parse(data []byte) (any, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, fault("not valid JSON: %v", err)
	}
	if err := checkNumbers(value); err != nil {
		return nil, err
	}
	return value, nil
}

// checkNumbers refuses numbers beyond those that JSON's readers agree on: exact
// arithmetic on 1e999999 takes seconds.
func checkNumbers(value any) error {
	switch v := value.(type) {
	case json.Number:
		f, err := strconv.ParseFloat(v.String(), 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsInf(f, 0) || len(v) > 400 || tiny(v.String()) {
			return fault("the number %s is out of range", cut(v.String()))
		}
	case []any:
		for _, item := range v {
			if err := checkNumbers(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range v {
			if err := checkNumbers(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// tiny says whether the exponent of a number is below all that are in use.
func tiny(number string) bool {
	i := strings.IndexAny(number, "eE")
	if i < 0 {
		return false
	}
	exponent, err := strconv.Atoi(number[i+1:])
	return err != nil || exponent < -400
}

// checker is a compiled schema with a count of its own.
type checker struct {
	schema *jsonschema.Schema
	steps  int
}

func compile(text []byte) (*checker, error) {
	doc, err := parse(text)
	if err != nil {
		return nil, err
	}
	c := &checker{}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(nowhere{})
	compiler.AssertVocabs()
	compiler.RegisterVocabulary(&jsonschema.Vocabulary{
		URL: "schema:///steps",
		Compile: func(*jsonschema.CompilerContext, map[string]any) (jsonschema.SchemaExt, error) {
			return c, nil
		},
	})
	if err := compiler.AddResource(location, doc); err != nil {
		return nil, fault("%s", plain(err))
	}
	if c.schema, err = compiler.Compile(location); err != nil {
		var invalid *jsonschema.SchemaValidationError
		var violations *jsonschema.ValidationError
		if errors.As(err, &invalid) && errors.As(invalid.Err, &violations) {
			return nil, describe(violations)
		}
		return nil, fault("%s", plain(err))
	}
	return c, nil
}

// plain is what the compiler says, without the address that it knows the
// schema by.
func plain(err error) string {
	return cut(strings.ReplaceAll(err.Error(), location, ""))
}

// nowhere loads nothing.
type nowhere struct{}

// Load implements jsonschema.URLLoader.
func (nowhere) Load(string) (any, error) {
	return nil, errors.New("references lead into the schema itself only")
}

// errSteps ends a check that goes on for too long.
var errSteps = errors.New("too many steps")

// Validate implements jsonschema.SchemaExt: it is called once for each pair of
// a subschema and a value.
func (c *checker) Validate(*jsonschema.ValidatorContext, any) {
	if c.steps++; c.steps > maxSteps {
		panic(errSteps)
	}
}

func (c *checker) check(value any) (err error) {
	c.steps = 0
	defer func() {
		switch x := recover(); x {
		case nil:
		case errSteps:
			err = fault("the check takes too many steps: the schema's references repeat each other")
		default:
			panic(x)
		}
	}()
	var violations *jsonschema.ValidationError
	if e := c.schema.Validate(value); errors.As(e, &violations) {
		return describe(violations)
	} else if e != nil {
		return fault("%s", plain(e))
	}
	return nil
}

// describe lists the innermost reasons, which are those that can be mended.
func describe(e *jsonschema.ValidationError) error {
	var list []Violation
	var walk func(u *jsonschema.OutputUnit)
	walk = func(u *jsonschema.OutputUnit) {
		if len(u.Errors) == 0 && u.Error != nil {
			list = append(list, Violation{Pointer: u.InstanceLocation, Detail: cut(u.Error.String())})
		}
		for i := range u.Errors {
			walk(&u.Errors[i])
		}
	}
	walk(e.DetailedOutput())
	// The members of objects come in any order.
	slices.SortStableFunc(list, func(a, b Violation) int { return cmp.Compare(a.Pointer, b.Pointer) })
	return &Error{list[:min(len(list), maxViolations)]}
}

func cut(text string) string {
	if len(text) > maxDetail {
		return strings.ToValidUTF8(text[:maxDetail], "") + "…"
	}
	return text
}
