package breaking

// The rules. Users allow them by name, so they never change their meaning.
const (
	ruleServiceRemoved  = "service-removed"
	ruleRegistryChanged = "registry-changed" // the name under which instances are looked up
	ruleMethodRemoved   = "method-removed"
	ruleMethodAdded     = "method-added"
	ruleOneway          = "oneway-changed"
	ruleArguments       = "arguments-changed" // one struct, or several arguments keyed by name
	ruleResult          = "result-changed"    // a value, or void
	ruleTimeout         = "timeout-changed"   // dgate.timeout
	ruleIdempotent      = "idempotent-changed"
	ruleModules         = "modules-changed" // dgate.modules
	ruleSerializer      = "serializer-changed"

	ruleRouteRemoved = "route-removed"
	ruleRouteAdded   = "route-added"
	ruleRouteMoved   = "route-moved" // another method serves it
	ruleRouteVerb    = "route-verb-changed"
	ruleRoutePath    = "route-path-changed"
	ruleRouteShadows = "route-shadows" // a new fixed path takes requests that a parameter matched

	ruleFieldRemoved    = "field-removed"
	ruleFieldAdded      = "field-added"
	ruleFieldID         = "field-id-changed"
	ruleFieldIDReused   = "field-id-reused"
	ruleFieldHidden     = "field-hidden"  // api.none added
	ruleFieldExposed    = "field-exposed" // api.none removed
	ruleType            = "type-changed"
	ruleName            = "name-changed"  // of a JSON member or parameter
	rulePlace           = "place-changed" // where a request has a field, or an answer puts it
	ruleSplit           = "split-changed" // dgate.split
	ruleNumberText      = "js-conv-changed"
	ruleRequiredAdded   = "required-added"
	ruleRequiredRemoved = "required-removed"
	ruleDefault         = "default-changed"
	ruleValidation      = "validation-changed" // api.vd, vt.*

	ruleEnumRemoved    = "enum-value-removed"
	ruleEnumRenumbered = "enum-value-renumbered"
	ruleEnumRenamed    = "enum-value-renamed"
	ruleEnumAdded      = "enum-value-added"

	ruleExceptionRemoved = "exception-removed"
	ruleExceptionAdded   = "exception-added"
	ruleExceptionStatus  = "exception-status-changed"
)

// Rules lists the ids of all rules.
func Rules() []string {
	return []string{
		ruleServiceRemoved, ruleRegistryChanged, ruleMethodRemoved, ruleMethodAdded, ruleOneway, ruleArguments,
		ruleResult, ruleTimeout, ruleIdempotent, ruleModules, ruleSerializer,
		ruleRouteRemoved, ruleRouteAdded, ruleRouteMoved, ruleRouteVerb, ruleRoutePath, ruleRouteShadows,
		ruleFieldRemoved, ruleFieldAdded, ruleFieldID, ruleFieldIDReused, ruleFieldHidden, ruleFieldExposed,
		ruleType, ruleName, rulePlace, ruleSplit, ruleNumberText, ruleRequiredAdded, ruleRequiredRemoved,
		ruleDefault, ruleValidation,
		ruleEnumRemoved, ruleEnumRenumbered, ruleEnumRenamed, ruleEnumAdded,
		ruleExceptionRemoved, ruleExceptionAdded, ruleExceptionStatus,
	}
}
