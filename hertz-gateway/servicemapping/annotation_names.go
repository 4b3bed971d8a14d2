package servicemapping

import (
	"strconv"
	"strings"

	"dgate/hertz-gateway/servicemapping/internal/syntax"
)

// target is where an annotation stands.
type target uint16

const (
	onField target = 1 << iota // fields of structs and arguments
	onThrows
	onMethod
	onService
	onStruct // structs and unions
	onException
	onEnum
	onEnumValue
	onTypedef
	onConst
	onType

	anywhere = onField | onThrows | onMethod | onService | onStruct | onException |
		onEnum | onEnumValue | onTypedef | onConst | onType
)

// knownAnnotations are those of the families that the gateway reads, with the
// places where they mean something. agw.* stand for janus.* too.
var knownAnnotations = map[string]target{
	"api.get":     onMethod,
	"api.post":    onMethod,
	"api.put":     onMethod,
	"api.delete":  onMethod,
	"api.patch":   onMethod,
	"api.options": onMethod,
	"api.head":    onMethod,
	"api.any":     onMethod,

	"api.serializer":      onMethod,
	"api.base_domain":     onMethod | onService,
	"api.baseurl":         onMethod | onService,
	"api.category":        onMethod | onService,
	"api.tag":             onMethod | onService,
	"api.version":         onMethod | onService,
	"api.param":           onMethod | onService,
	"api.name":            onMethod | onService,
	"api.api_level":       onMethod | onService,
	"api.handler_path":    onMethod | onService,
	"api.gen_path":        onMethod | onService,
	"api.service_path":    onMethod | onService,
	"api.service_group":   onMethod | onService,
	"api.service_gen_dir": onMethod | onService,

	"api.path":           onField,
	"api.query":          onField,
	"api.header":         onField,
	"api.cookie":         onField,
	"api.form":           onField,
	"api.body":           onField,
	"api.raw_body":       onField,
	"api.raw_uri":        onField,
	"api.file_name":      onField,
	"api.none":           onField,
	"api.no_body_struct": onField,
	"api.js_conv":        onField,
	"api.key":            onField,
	"api.vd":             onField,
	"api.http_code":      onField | onThrows | onException,

	"agw.source":              onField,
	"agw.target":              onField,
	"agw.key":                 onField,
	"agw.js_conv":             onField,
	"agw.to_snake":            onField | onStruct | onException,
	"agw.to_lower_camel_case": onField | onStruct | onException,
	"agw.to_upper_camel_case": onField | onStruct | onException,

	"dgate.service":    onService,
	"dgate.idempotent": onMethod,
	"dgate.timeout":    onService | onMethod,
	"dgate.modules":    onService | onMethod,
	"dgate.split":      onField,
	"dgate.event_id":   onField,
	"dgate.breaking":   anywhere,
}

// keyOf is an annotation's key for comparison: lower case, janus.* as agw.*.
func keyOf(a syntax.Annotation) string {
	key := strings.ToLower(a.Key)
	if rest, ok := strings.CutPrefix(key, "janus."); ok {
		return "agw." + rest
	}
	return key
}

// annotations warns of those that mean nothing where they stand. Families of
// other tools are left alone.
func (u *unit) annotations(on target, as []syntax.Annotation) {
	for _, a := range as {
		if u.full() {
			return
		}
		key := keyOf(a)
		family, _, _ := strings.Cut(key, ".")
		if family != "api" && family != "agw" && family != "dgate" {
			continue
		}
		switch targets, known := knownAnnotations[key]; {
		case !known:
			u.report(a.Pos, Warning, ruleUnknownAnnotation, "unknown annotation %s%s", strconv.Quote(a.Key), hint(key, func(yield func(string) bool) {
				for name := range knownAnnotations {
					if !yield(name) {
						return
					}
				}
			}))
		case targets&on == 0:
			u.report(a.Pos, Warning, ruleMisplacedAnnotation, "%s means nothing on %s", a.Key, on)
		case key == "dgate.breaking" && !strings.HasPrefix(strings.TrimSpace(a.Value), allowPrefix):
			u.report(a.Pos, Warning, ruleBadValue, `%s wants "allow: RULE, …", not %q: nothing is allowed`, a.Key, a.Value)
		}
	}
}

// String names the place with its article.
func (t target) String() string {
	switch t {
	case onField:
		return "a field"
	case onThrows:
		return "an entry of throws"
	case onMethod:
		return "a method"
	case onService:
		return "a service"
	case onStruct:
		return "a struct"
	case onException:
		return "an exception"
	case onEnum:
		return "an enum"
	case onEnumValue:
		return "a value of an enum"
	case onTypedef:
		return "a typedef"
	case onConst:
		return "a constant"
	default:
		return "a type"
	}
}

// isTrue reads a switch: anything but "false" (an empty value too) turns it on.
func isTrue(value string) bool { return !strings.EqualFold(strings.TrimSpace(value), "false") }
