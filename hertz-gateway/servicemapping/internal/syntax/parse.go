package syntax

import "strings"

// maxNesting bounds types in types and values in values: no IDL comes near it,
// and what walks the tree may recurse.
const maxNesting = 64

// Parse reads the text of one file, without a byte order mark. The error is an
// *Error. It takes time and memory in proportion to the text.
func Parse(text string) (*File, error) {
	p := &parser{lex: newLexer(text)}
	p.file.lines = p.lex.lines
	p.advance()
	for p.err == nil && p.tok.kind != tokenEOF {
		p.definition()
	}
	if p.err != nil {
		return nil, p.err
	}
	return &p.file, nil
}

// parser is a recursive descent over one token of lookahead. After the first
// error every token is the end of the file, so that all loops end.
type parser struct {
	lex  *lexer
	tok  token
	file File
	err  *Error
}

func (p *parser) advance() {
	if p.err != nil {
		return
	}
	tok, err := p.lex.next()
	if err != nil {
		p.fail(err)
		return
	}
	p.tok = tok
}

func (p *parser) fail(err *Error) {
	if p.err == nil {
		p.err = err
	}
	p.tok = token{kind: tokenEOF, pos: p.tok.pos}
}

func (p *parser) expected(what string) {
	if p.err == nil {
		p.fail(p.lex.errorf(p.tok.pos, "expected %s, found %s", what, p.tok.what()))
	}
}

func (p *parser) isMark(m byte) bool { return p.tok.kind == tokenMark && p.tok.text[0] == m }

// accept takes the mark if it is next.
func (p *parser) accept(m byte) bool {
	if !p.isMark(m) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(m byte, after string) {
	if !p.accept(m) {
		p.expected("\"" + string(rune(m)) + "\"" + after)
	}
}

// until says whether a block goes on; it takes the mark that closes it.
func (p *parser) until(m byte, what string) bool {
	if p.accept(m) {
		return false
	}
	if p.tok.kind == tokenEOF {
		p.expected(what + " or \"" + string(rune(m)) + "\"")
		return false
	}
	return true
}

func (p *parser) isWord(w string) bool { return p.tok.kind == tokenName && p.tok.text == w }

func (p *parser) word(w string) bool {
	if !p.isWord(w) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) name(what string) (string, Pos) {
	t := p.tok
	if t.kind != tokenName {
		p.expected(what)
		return "", t.pos
	}
	p.advance()
	return t.text, t.pos
}

func (p *parser) separator() {
	if !p.accept(',') {
		p.accept(';')
	}
}

func (p *parser) definition() {
	if p.tok.kind != tokenName {
		p.expected("a definition")
		return
	}
	word := p.tok
	p.advance()
	switch word.text {
	case "include":
		if p.tok.kind != tokenLiteral {
			p.expected("the included file's path in quotes")
			return
		}
		p.file.Includes = append(p.file.Includes, &Include{Pos: p.tok.pos, Path: p.tok.text})
		p.advance()
	case "cpp_include":
		if p.tok.kind != tokenLiteral {
			p.expected("a path in quotes")
			return
		}
		p.advance()
	case "namespace":
		p.namespace()
	case "typedef":
		d := &Typedef{Type: p.typ(0)}
		d.Name, d.Pos = p.name("the typedef's name")
		d.Annotations = p.annotations()
		p.file.Typedefs = append(p.file.Typedefs, d)
	case "const":
		d := &Const{Type: p.typ(0)}
		d.Name, d.Pos = p.name("the constant's name")
		p.expect('=', " and the constant's value")
		d.Value = p.value(0)
		p.separator()
		d.Annotations = p.annotations()
		p.file.Consts = append(p.file.Consts, d)
	case "enum":
		p.enum()
	case "struct":
		p.structBlock(StructBlock)
	case "union":
		p.structBlock(UnionBlock)
	case "exception":
		p.structBlock(ExceptionBlock)
	case "service":
		p.service()
	default:
		p.fail(p.lex.errorf(word.pos, "expected a definition (struct, service, …), found %s", word.what()))
	}
	p.separator()
}

func (p *parser) namespace() {
	if !p.accept('*') {
		p.name("a language")
	}
	if p.tok.kind == tokenLiteral {
		p.advance()
	} else {
		p.name("the namespace")
	}
	p.annotations()
}

func (p *parser) enum() {
	d := &Enum{}
	d.Name, d.Pos = p.name("the enum's name")
	p.expect('{', "")
	for p.until('}', "a name") {
		var v EnumValue
		v.Name, v.Pos = p.name("a name of the enum")
		if p.accept('=') {
			if p.tok.kind != tokenInt {
				p.expected("an integer")
				return
			}
			v.Number = p.tok.text
			p.advance()
		}
		v.Annotations = p.annotations()
		p.separator()
		d.Values = append(d.Values, v)
	}
	d.Annotations = p.annotations()
	p.file.Enums = append(p.file.Enums, d)
}

func (p *parser) structBlock(kind StructKind) {
	d := &Struct{Kind: kind}
	d.Name, d.Pos = p.name("a name")
	p.expect('{', "")
	d.Fields = p.fields('}')
	d.Annotations = p.annotations()
	p.file.Structs = append(p.file.Structs, d)
}

func (p *parser) fields(end byte) []*Field {
	var fs []*Field
	for p.until(end, "a field") {
		fs = append(fs, p.field())
	}
	return fs
}

func (p *parser) field() *Field {
	f := &Field{}
	if p.tok.kind == tokenInt {
		f.ID = p.tok.text
		p.advance()
		p.expect(':', " after the field's id")
	}
	switch {
	case p.word("required"):
		f.Requiredness = Required
	case p.word("optional"):
		f.Requiredness = Optional
	}
	f.Type = p.typ(0)
	p.accept('&') // Apache's mark for a recursive reference
	f.Name, f.Pos = p.name("the field's name")
	if p.accept('=') {
		f.Default = p.value(0)
	}
	f.Annotations = p.annotations()
	p.separator()
	return f
}

func (p *parser) service() {
	d := &Service{}
	d.Name, d.Pos = p.name("the service's name")
	if p.word("extends") {
		d.Extends, d.ExtendsPos = p.name("the name of the extended service")
	}
	p.expect('{', "")
	for p.until('}', "a method") {
		d.Functions = append(d.Functions, p.function())
	}
	d.Annotations = p.annotations()
	p.file.Services = append(p.file.Services, d)
}

func (p *parser) function() *Function {
	f := &Function{}
	f.Oneway = p.word("oneway") || p.word("async")
	if !p.word("void") {
		f.Result = p.typ(0)
	}
	f.Name, f.Pos = p.name("the method's name")
	p.expect('(', " and the method's arguments")
	f.Args = p.fields(')')
	if p.word("throws") {
		p.expect('(', " after throws")
		f.Throws = p.fields(')')
	}
	f.Annotations = p.annotations()
	p.separator()
	return f
}

// typ reads any name with any types in angle brackets: list<i32>, map<string,
// Book>, but also what is none, such as stream<Book>, which costs only its
// users when it is resolved.
func (p *parser) typ(depth int) *Type {
	t := &Type{}
	t.Name, t.Pos = p.name("a type")
	if depth == maxNesting {
		p.fail(p.lex.errorf(t.Pos, "types are nested more than %d deep", maxNesting))
		return t
	}
	p.cppType()
	if p.accept('<') {
		for {
			t.Args = append(t.Args, p.typ(depth+1))
			if !p.accept(',') {
				break
			}
		}
		p.expect('>', "")
		p.cppType()
	}
	t.Annotations = p.annotations()
	return t
}

// cppType skips cpp_type "…", which only C++ looks at.
func (p *parser) cppType() {
	if !p.word("cpp_type") {
		return
	}
	if p.tok.kind != tokenLiteral {
		p.expected("a C++ type in quotes")
		return
	}
	p.advance()
}

func (p *parser) value(depth int) *Value {
	v := &Value{Pos: p.tok.pos, Text: p.tok.text}
	if depth == maxNesting {
		p.fail(p.lex.errorf(v.Pos, "values are nested more than %d deep", maxNesting))
		return v
	}
	switch p.tok.kind {
	case tokenInt:
		v.Kind = IntValue
	case tokenDouble:
		v.Kind = DoubleValue
	case tokenLiteral:
		v.Kind = LiteralValue
	case tokenName:
		v.Kind = NameValue
	default:
		v.Text = ""
		switch {
		case p.accept('['):
			v.Kind = ListValue
			for p.until(']', "a value") {
				v.List = append(v.List, p.value(depth+1))
				p.separator()
			}
		case p.accept('{'):
			v.Kind = MapValue
			for p.until('}', "a value") {
				v.List = append(v.List, p.value(depth+1))
				p.expect(':', " between key and value")
				v.List = append(v.List, p.value(depth+1))
				p.separator()
			}
		default:
			p.expected("a value")
		}
		return v
	}
	p.advance()
	return v
}

func (p *parser) annotations() []Annotation {
	if !p.accept('(') {
		return nil
	}
	var as []Annotation
	for p.until(')', "an annotation") {
		var a Annotation
		a.Key, a.Pos = p.name("an annotation")
		if p.accept('=') {
			if p.tok.kind != tokenLiteral {
				p.expected("a value in quotes for " + strings.TrimSpace(a.Key))
				return as
			}
			a.Value = p.tok.text
			p.advance()
		}
		p.separator()
		as = append(as, a)
	}
	return as
}
