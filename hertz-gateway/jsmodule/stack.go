package jsmodule

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// maxFrames bounds the stack that an error shows.
const maxFrames = 20

// maxCallers bounds the stack of a call that is under way.
const maxCallers = 4

// frame is one line of a stack, in positions of the sources.
type frame struct {
	function, file string
	line, column   int
}

// framesOf gives the frames of a stack of goja that lie in modules.
func framesOf(stack []goja.StackFrame) []frame {
	var frames []frame
	for _, f := range stack {
		p := f.Position()
		if p.Filename == "" || isHostFile(p.Filename) {
			continue
		}
		// Columns out of a source map start at 0.
		if frames = append(frames, frame{f.FuncName(), sourceFile(p.Filename), p.Line, p.Column + 1}); len(frames) == maxFrames {
			break
		}
	}
	return frames
}

// isHostFile says whether a file is a part of the host.
func isHostFile(name string) bool { return name == preludeName || name == testKitName }

func sourceFile(name string) string { return strings.TrimPrefix(name, sourceNamespace+":") }

// parseStack reads the text of an Error's stack property, whose lines are
// "\tat name (file:line:column(pc))".
func parseStack(text string) []frame {
	var frames []frame
	for line := range strings.Lines(text) {
		at, ok := strings.CutPrefix(strings.TrimSpace(line), "at ")
		if !ok {
			continue
		}
		var f frame
		if name, rest, ok := strings.Cut(at, " ("); ok {
			f.function, at = name, strings.TrimSuffix(rest, ")")
		}
		at = at[:max(0, strings.LastIndexByte(at, '('))]
		var ok1, ok2 bool
		at, f.column, ok1 = cutNumber(at)
		at, f.line, ok2 = cutNumber(at)
		if !ok1 || !ok2 || isHostFile(at) {
			continue
		}
		f.file = sourceFile(at)
		f.column++
		if frames = append(frames, f); len(frames) == maxFrames {
			break
		}
	}
	return frames
}

// cutNumber takes ":12" off the end of s.
func cutNumber(s string) (rest string, n int, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil
}

// setStack gives an error object a stack, in the form that parseStack reads.
func (rt *vmRuntime) setStack(o *goja.Object, frames []frame) {
	var b strings.Builder
	b.WriteString(str(o.Get("name")) + ": " + str(o.Get("message")))
	for _, f := range frames {
		fmt.Fprintf(&b, "\n\tat %s (%s:%d:%d(0))", f.function, f.file, f.line, f.column-1)
	}
	must(o.DefineDataProperty("stack", rt.newString(b.String()), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// here is where JavaScript stands.
func (rt *vmRuntime) here() []goja.StackFrame { return rt.vm.CaptureCallStack(maxCallers, nil) }

// showFrames writes one "function file:line:column" per line.
func showFrames(frames []frame) string {
	lines := make([]string, len(frames))
	for i, f := range frames {
		name := f.function
		if name == "" {
			name = "<anonymous>"
		}
		lines[i] = name + " " + f.file + ":" + strconv.Itoa(f.line) + ":" + strconv.Itoa(f.column)
	}
	return strings.Join(lines, "\n")
}

// tidyStack is an Error's stack property without what only the host knows.
func tidyStack(text string) string {
	head, _, _ := strings.Cut(text, "\n")
	if frames := parseStack(text); len(frames) > 0 {
		return head + "\n" + showFrames(frames)
	}
	return head
}
