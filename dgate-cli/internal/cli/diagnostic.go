package cli

import (
	"strconv"
	"strings"

	"dgate/hertz-gateway/api"
)

// FormatDiagnostic is a finding in one line: file:line:column: severity rule: message.
func FormatDiagnostic(d api.Diagnostic, colour bool) string {
	at := d.File
	if d.Line > 0 {
		at += ":" + strconv.Itoa(d.Line)
		if d.Column > 0 {
			at += ":" + strconv.Itoa(d.Column)
		}
	}
	severity := string(d.Severity)
	text := " " + d.Rule + ": " + d.Message
	if len(d.Routes) > 0 {
		text += " (costs " + strings.Join(d.Routes, ", ") + ")"
	}
	if colour {
		code := "33" // yellow
		if d.Severity == api.SeverityError {
			code = "31" // red
		}
		severity = "\x1b[" + code + "m" + severity + "\x1b[0m"
	}
	return OneLine(at) + ": " + severity + OneLine(text)
}
