package transcode

// The codes of violations. They are part of the answer to clients and never
// change their meaning.
const (
	// CodeSyntax: the body is not JSON (RFC 8259), or goes on after its value.
	CodeSyntax = "json_syntax"
	// CodeEncoding: a string is not valid UTF-8, or escapes half a surrogate pair.
	CodeEncoding = "invalid_utf8"
	// CodeDepth: arrays and objects are nested deeper than the limit.
	CodeDepth = "too_deep"
	// CodeDuplicateKey: an object has two members of one name.
	CodeDuplicateKey = "duplicate_key"
	// CodeType: the value is of another kind than the field (a string for an integer).
	CodeType = "type_mismatch"
	// CodeNotInteger: a number with a fraction for an integer.
	CodeNotInteger = "not_an_integer"
	// CodeRange: a number that its type cannot hold.
	CodeRange = "out_of_range"
	// CodeEnum: a name or number that the enum does not define.
	CodeEnum = "undefined_enum_value"
	// CodeBase64: text for a binary that is not base64.
	CodeBase64 = "invalid_base64"
	// CodeUUID: text for a uuid that is not one.
	CodeUUID = "invalid_uuid"
	// CodeMapKey: the name of a member that cannot be a key of the map.
	CodeMapKey = "invalid_map_key"
	// CodeNull: null as an element of a list, set or map, or as the whole value.
	CodeNull = "unexpected_null"
	// CodeDuplicateElement: a set has the same element twice.
	CodeDuplicateElement = "duplicate_element"
	// CodeUnion: a union with no member or with several.
	CodeUnion = "union_members"
	// CodeUnknown: a member without a field, where the route refuses those.
	CodeUnknown = "unknown_field"
	// CodeRequired: a required field is absent or null.
	CodeRequired = "required"
	// CodeElements: a list, set or map has more elements than the limit.
	CodeElements = "too_many_elements"
	// CodeSize: the defaults of absent fields make the message far larger than its body.
	CodeSize = "too_large"
)
