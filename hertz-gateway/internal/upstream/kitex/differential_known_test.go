package kitex

import "strings"

// knownForm is a way to write a value, or for a service to answer, that other
// codecs take differently than the rules of docs/idl.md demand; and what comes
// of it there, alternatives separated by commas. docs/kitex-json.md shows each.
type knownForm struct {
	form                      string
	kitex, dynamicgo, gateway string
	// rare: whether it is seen depends on what the codec has done before.
	rare bool
}

var knownForms = []knownForm{
	{form: "number for a bool", kitex: "a value"},
	{form: "string for a bool", kitex: "a value"},
	{form: "text for a bool", kitex: "zero"},
	{form: "array for a scalar", kitex: "zero"},
	{form: "fraction for an integer", kitex: "a value", dynamicgo: "a value"},
	{form: "integer out of range", kitex: "a value", dynamicgo: "a value"},
	{form: "integer far out of range", kitex: "a value, zero", dynamicgo: "zero, a value"},
	{form: "string for an integer", kitex: "a value", dynamicgo: "a value"},
	{form: "text for a number", kitex: "zero"},
	{form: "empty text for a number", kitex: "zero", dynamicgo: "zero, a value"},
	{form: "bool for a number", kitex: "a value"},
	{form: "object for a scalar", kitex: "zero"},
	{form: "integer out of range, as a string", kitex: "a value, zero", dynamicgo: "a value, zero"},
	{form: "double out of range", kitex: "a value"},
	{form: "number as a string for a double", kitex: "a value", dynamicgo: "a value"},
	{form: "half a surrogate pair", kitex: "a value"},
	{form: "string that is not UTF-8", kitex: "a value", dynamicgo: "a value"},
	{form: "control character in a string", kitex: "a value", dynamicgo: "a value"},
	{form: "unknown escape in a string", kitex: "a value"},
	{form: "number for a string", kitex: "a value"},
	{form: "bool for a string", kitex: "a value"},
	{form: "array for a string", kitex: "a value"},
	{form: "object for a string", kitex: "a value"},
	{form: "base64 of the URL alphabet", kitex: "refused", dynamicgo: "refused"},
	{form: "base64 without padding", kitex: "refused", dynamicgo: "refused"},
	{form: "base64 with line breaks", kitex: "a value"},
	{form: "base64 with bits that are lost", kitex: "a value", dynamicgo: "a value"},
	{form: "number for a binary", kitex: "a value"},
	{form: "integer with an exponent, as a string", kitex: "zero", dynamicgo: "a value"},
	{form: "enum by name", kitex: "zero", dynamicgo: "refused"},
	{form: "undefined number of an enum", kitex: "a value", dynamicgo: "a value"},
	{form: "undefined name of an enum", kitex: "zero"},
	{form: "number of an enum as a string", kitex: "a value", dynamicgo: "a value"},
	{form: "number of an enum out of range", kitex: "a value", dynamicgo: "a value"},
	{form: "object for an array", kitex: "a value"},
	{form: "text for an array", kitex: "a value"},
	{form: "number for an array", kitex: "a value"},
	{form: "null in an array", kitex: "a value", dynamicgo: "zero"},
	{form: "comma before the end of an array", kitex: "zero"},
	{form: "white space in an empty array", dynamicgo: "refused"},
	{form: "element of a set twice", kitex: "a value", dynamicgo: "a value"},
	{form: "array for a map", kitex: "zero"},
	{form: "text for an object", kitex: "zero"},
	{form: "null in a map", kitex: "a value", dynamicgo: "zero"},
	{form: "key of a map twice", kitex: "a value", dynamicgo: "a value"},
	{form: "key out of range", dynamicgo: "a value"},
	{form: "undefined enum as a key", kitex: "a value", dynamicgo: "a value"},
	{form: "array for an object", kitex: "zero"},
	{form: "number for an object", kitex: "zero"},
	{form: "member twice", kitex: "a value", dynamicgo: "corrupt message"},
	{form: "more after the body", kitex: "sent", dynamicgo: "sent"},
	{form: "second value after the body", kitex: "sent", dynamicgo: "sent"},
	{form: "body without its end", kitex: "sent"},
	{form: "comma before the end", kitex: "sent"},
	{form: "comment in the body", kitex: "sent"},
	{form: "names in single quotes", kitex: "sent"},
	{form: "names without quotes", kitex: "sent"},
	{form: "byte order mark", kitex: "sent"},
	{form: "body that is an array", kitex: "sent"},
	{form: "body that is a number", kitex: "sent"},
	{form: "body that is a string", kitex: "sent"},
	{form: "body that is no JSON", kitex: "sent"},
	{form: "unknown member that is no JSON", kitex: "sent"},
	{form: "number with a leading zero", kitex: "sent"},
	{form: "deep nesting", kitex: "sent", dynamicgo: "sent"},
	{form: "container under js_conv", dynamicgo: "refused"},
	{form: "member whose name has a dot", kitex: "nothing, zero"},
	{form: "field of neither word, absent", kitex: "zero", dynamicgo: "zero", gateway: "zero"},
	{form: overflow, dynamicgo: "anything", rare: true},
	{form: nullMember, dynamicgo: "anything"},
	{form: stringlyI16, dynamicgo: "anything"},
	{form: "union without a member", kitex: "zero", dynamicgo: "zero"},
	{form: "union with several members", kitex: "a value", dynamicgo: "a value"},
	{form: "field of neither word, null", kitex: "zero", dynamicgo: "zero, refused", gateway: "zero"},
	{form: "field with a default, absent", kitex: "zero"},
	{form: "field with a default, null", kitex: "zero", dynamicgo: "refused"},
	{form: "optional field with a default, absent", kitex: "nothing", dynamicgo: "nothing"},
	{form: "optional field with a default, null", kitex: "nothing", dynamicgo: "nothing, refused"},
	{form: "required field, absent", kitex: "zero", dynamicgo: "zero"},
	{form: "required field, null", kitex: "zero", dynamicgo: "zero"},
	{form: "required field with a default, absent", kitex: "zero"},
	{form: "required field with a default, null", kitex: "zero", dynamicgo: "refused"},
	{form: "container with a default, absent or null", kitex: "zero, nothing", dynamicgo: "zero, nothing"},
	{form: "answer: bool that is neither 0 nor 1", kitex: "zero", dynamicgo: "zero", gateway: "zero"},
	{form: "answer: field twice", kitex: "a value", dynamicgo: "a member twice", gateway: "a value"},
	{form: "answer: field of another type", dynamicgo: "anything"},
	{form: "answer: string that is not UTF-8", dynamicgo: "not UTF-8"},
	{form: "answer: negative i8 under js_conv", kitex: "another value", dynamicgo: "another value"},
	{form: "answer: smaller integer under js_conv", kitex: "another value, zero"},
	{form: "answer: container under js_conv", kitex: "another value", dynamicgo: "refused"},
	{form: "answer: element of a set twice", gateway: "refused"},
	{form: "answer: key of a map twice", kitex: "a value", dynamicgo: "a member twice", gateway: "a value"},
	{form: "answer: field of neither word, absent", kitex: "nothing"},
	{form: "answer: required field, absent", kitex: "refused", gateway: "refused"},
	{form: "answer: required field with a default, absent", kitex: "refused", gateway: "refused"},
	{form: "answer: absent field under js_conv", kitex: "another value", dynamicgo: "zero, another value"},
	{form: "answer: absent field with a name by go.tag", dynamicgo: "nothing, zero, a value"},
	{form: "answer: absent struct", dynamicgo: "zero"},
	{form: "answer: absent container", kitex: "another value", dynamicgo: "zero, nothing"},
	{form: "answer: negative default of an i8", kitex: "another value", gateway: "refused"},
}

// knownDifferences are the keys that classify finds, each with its form.
var knownDifferences = func() map[string]*knownForm {
	known := map[string]*knownForm{}
	for i := range knownForms {
		f := &knownForms[i]
		for way, outcomes := range map[string]string{wayKitex: f.kitex, wayDynamic: f.dynamicgo, wayGateway: f.gateway} {
			for _, o := range strings.FieldsFunc(outcomes, func(c rune) bool { return c == ',' }) {
				known[differenceKey(f.form, way, strings.TrimSpace(o))] = f
			}
		}
	}
	return known
}()

func differenceKey(form, way, outcome string) string { return form + " | " + way + " | " + outcome }
