package corpus

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"dgate/hertz-gateway/internal/wiretext"
)

// File is one file of the corpus.
type File struct {
	Name    string // without the folder: "query.txtar"
	Comment string
	IDL     map[string]string // "book.thrift" → text
	// Settings is the JSON policy that all cases run under, as resources spell
	// it; empty: none.
	Settings string
	Cases    []*Case

	idls []string // in the order of the file
}

// Case is one request with what must come of it.
type Case struct {
	Name     string
	Request  string
	Call     string // empty: the request must not reach a backend
	Reply    string
	Response string
}

const settingsName = "settings.json"

// Load reads every *.txtar file of a folder.
func Load(dir fs.FS) ([]*File, error) {
	names, err := fs.Glob(dir, "*.txtar")
	if err != nil {
		return nil, err
	}
	var files []*File
	for _, name := range names {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		f, err := Parse(name, data)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// Parse reads one file.
func Parse(name string, data []byte) (*File, error) {
	f := &File{Name: name, IDL: map[string]string{}}
	cases := map[string]*Case{}
	comment, sections := split(string(data))
	f.Comment = comment
	for _, s := range sections {
		if idl, ok := strings.CutPrefix(s.name, "idl/"); ok {
			f.IDL[idl] = s.text
			f.idls = append(f.idls, idl)
			continue
		}
		if s.name == settingsName {
			if f.Settings != "" {
				return nil, fmt.Errorf("%s: %s is there twice", f.Name, s.name)
			}
			f.Settings = s.text
			continue
		}
		part := path.Ext(s.name)
		name := strings.TrimSuffix(s.name, part)
		c := cases[name]
		if c == nil {
			if part != ".request" {
				return nil, fmt.Errorf("%s: %s before its request", f.Name, s.name)
			}
			c = &Case{Name: name}
			cases[name] = c
			f.Cases = append(f.Cases, c)
		}
		var field *string
		switch part {
		case ".request":
			field = &c.Request
		case ".call":
			field = &c.Call
		case ".reply":
			field = &c.Reply
		case ".response":
			field = &c.Response
		default:
			return nil, fmt.Errorf("%s: unknown section %s", f.Name, s.name)
		}
		if *field != "" {
			return nil, fmt.Errorf("%s: %s is there twice", f.Name, s.name)
		}
		*field = s.text
	}
	return f, nil
}

// Format writes the file as Parse reads it.
func (f *File) Format() []byte {
	var b bytes.Buffer
	b.WriteString(f.Comment)
	section := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "-- %s --\n%s", name, text)
			if !strings.HasSuffix(text, "\n") {
				b.WriteByte('\n')
			}
		}
	}
	for _, name := range f.idls {
		section("idl/"+name, f.IDL[name])
	}
	section(settingsName, f.Settings)
	for _, c := range f.Cases {
		section(c.Name+".request", c.Request)
		section(c.Name+".call", c.Call)
		section(c.Name+".reply", c.Reply)
		section(c.Name+".response", c.Response)
	}
	return b.Bytes()
}

type section struct{ name, text string }

// split reads a txtar archive.
func split(text string) (comment string, sections []section) {
	for _, line := range strings.SplitAfter(text, "\n") {
		trimmed := strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(trimmed, "-- ") && strings.HasSuffix(trimmed, " --") && len(trimmed) > 6 {
			sections = append(sections, section{name: strings.TrimSpace(trimmed[3 : len(trimmed)-3])})
			continue
		}
		if len(sections) == 0 {
			comment += line
		} else {
			sections[len(sections)-1].text += line
		}
	}
	return comment, sections
}

// Header is one line of a request's head.
type Header struct{ Name, Value string }

// Message is the request of a case.
type Message struct {
	Verb, Target string
	Headers      []Header
	Body         []byte
}

// Message reads the request.
func (c *Case) Message() (*Message, error) {
	head, body, _ := strings.Cut(c.Request, "\n\n")
	lines := strings.Split(strings.TrimSuffix(head, "\n"), "\n")
	first := strings.Split(lines[0], " ")
	if len(first) != 3 || first[2] != "HTTP/1.1" {
		return nil, fmt.Errorf("%s: %q is no request line", c.Name, lines[0])
	}
	m := &Message{Verb: first[0], Target: first[1]}
	form := ""
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%s: %q is no header", c.Name, line)
		}
		value = strings.TrimSpace(value)
		if name == "Corpus-Body" {
			form = value
			continue
		}
		m.Headers = append(m.Headers, Header{name, value})
	}
	body = strings.TrimSuffix(body, "\n")
	var err error
	switch form {
	case "":
		m.Body = []byte(body)
	case "crlf":
		m.Body = []byte(strings.ReplaceAll(body, "\n", "\r\n"))
	case "quoted":
		body, err = strconv.Unquote(body)
		m.Body = []byte(body)
	case "wiretext":
		m.Body, err = wiretext.Parse(body)
	default:
		err = fmt.Errorf("unknown Corpus-Body %q", form)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return m, nil
}

// Want is the response of a case.
type Want struct {
	Status  int
	Headers []Header
	Body    string
}

// Want reads the response.
func (c *Case) Want() (*Want, error) {
	head, body, _ := strings.Cut(c.Response, "\n\n")
	lines := strings.Split(strings.TrimSuffix(head, "\n"), "\n")
	status, err := strconv.Atoi(lines[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %q is no status", c.Name, lines[0])
	}
	w := &Want{Status: status, Body: strings.TrimSuffix(body, "\n")}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%s: %q is no header", c.Name, line)
		}
		w.Headers = append(w.Headers, Header{name, strings.TrimSpace(value)})
	}
	return w, nil
}
