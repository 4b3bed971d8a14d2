package servicemapping

import (
	"bytes"
	"strconv"
	"strings"
)

const (
	// maxParts bounds the parts of one multipart body.
	maxParts = 1000
	// maxPartHeader bounds the header of one part, in bytes.
	maxPartHeader = 8 << 10
)

// parseMultipart reads multipart/form-data (RFC 7578). Values point into body.
// detail says what is wrong with the body, for people.
func (p *params) parseMultipart(body, boundary []byte) (detail string) {
	delimiter := append([]byte("\r\n--"), boundary...)
	// The first delimiter may stand at the very start, without its line break.
	var rest []byte
	if first := delimiter[2:]; bytes.HasPrefix(body, first) {
		rest = body[len(first):]
	} else if i := bytes.Index(body, delimiter); i >= 0 {
		rest = body[i+len(delimiter):]
	} else {
		return "the multipart body does not hold its boundary"
	}
	for parts := 0; ; parts++ {
		if bytes.HasPrefix(rest, []byte("--")) {
			p.index()
			return ""
		}
		if parts >= maxParts {
			return "the multipart body has more than " + strconv.Itoa(maxParts) + " parts"
		}
		line := bytes.TrimLeft(rest, " \t")
		if !bytes.HasPrefix(line, []byte("\r\n")) {
			return "the multipart body has a malformed boundary"
		}
		// The line break before the next delimiter is not part of the content;
		// an empty part shares the one that ends its header.
		rest = line[2:]
		end := headerEnd(rest)
		if end < 0 {
			return "a part of the multipart body has no end of its header, or more than " + strconv.Itoa(maxPartHeader) + " bytes of it"
		}
		part, chosen, detail := partOf(rest[:end])
		if detail != "" {
			return detail
		}
		rest = rest[end:]
		i := bytes.Index(rest, delimiter)
		if i < 0 {
			return "the multipart body does not end with its boundary"
		}
		if i >= 2 {
			part.value = rest[2:i]
		}
		rest = rest[i+len(delimiter):]
		if part.file && !chosen && len(part.value) == 0 {
			continue
		}
		p.add(part)
	}
}

// headerEnd is the offset of the line break that ends the last header line of
// a part, so that what follows is CR LF and the content; -1: none in reach.
func headerEnd(s []byte) int {
	if bytes.HasPrefix(s, []byte("\r\n")) {
		return 0
	}
	i := bytes.Index(s[:min(len(s), maxPartHeader)], []byte("\r\n\r\n"))
	if i < 0 {
		return -1
	}
	return i + 2
}

// partOf reads the header of a part. chosen is false for the part that a
// browser sends for a file input without a file.
func partOf(header []byte) (part pair, chosen bool, detail string) {
	named := false
	for len(header) > 0 {
		var line []byte
		if i := bytes.Index(header, []byte("\r\n")); i >= 0 {
			line, header = header[:i], header[i+2:]
		} else {
			line, header = header, nil
		}
		name, value, ok := bytes.Cut(line, []byte{':'})
		if !ok {
			return part, false, "a part of the multipart body has a malformed header"
		}
		switch {
		case foldIs(name, "Content-Disposition"):
			kind, rest, _ := bytes.Cut(value, semicolon)
			if !foldIs(bytes.TrimSpace(kind), "form-data") {
				return part, false, "a part of the multipart body is no form-data"
			}
			eachParameter(rest, func(name string, value []byte) {
				switch {
				case strings.EqualFold(name, "name") && !named:
					part.name, named = value, true
				case strings.EqualFold(name, "filename"), strings.EqualFold(name, "filename*"):
					part.file = true
					chosen = chosen || len(value) > 0
				}
			})
		case foldIs(name, "Content-Transfer-Encoding"):
			switch v := strings.ToLower(string(bytes.TrimSpace(value))); v {
			case "7bit", "8bit", "binary":
			default:
				return part, false, "a part of the multipart body has a Content-Transfer-Encoding that is not supported"
			}
		}
	}
	if !named {
		return part, false, "a part of the multipart body has no name"
	}
	return part, chosen, ""
}
