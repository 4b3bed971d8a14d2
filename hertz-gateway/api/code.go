package api

import "net/http"

// Code is the stable name of a problem: programs compare it, and it never
// changes its meaning. A declared exception of a service has the exception's
// IDL name here instead of one of the constants.
type Code string

// The codes of the gateway itself. Their statuses and titles stand in one
// table; see Code.Status.
const (
	MalformedRequest     Code = "malformed_request"      // not HTTP, not JSON, not UTF-8: it cannot be read
	InvalidRequest       Code = "invalid_request"        // it can be read, and breaks a rule; errors lists all of them
	Unauthorized         Code = "unauthorized"           // no credentials, or wrong ones
	Forbidden            Code = "forbidden"              // the caller may not; a foreign Origin or Host
	NotFound             Code = "not_found"              // no route, or no such object
	ServiceNotFound      Code = "service_not_found"      // a call by name: no such service
	MethodNotFound       Code = "method_not_found"       // a call by name: the service has no such method
	MethodNotAllowed     Code = "method_not_allowed"     // the path exists, for other verbs; Allow lists them
	Conflict             Code = "conflict"               // it contradicts what is there
	AmbiguousService     Code = "ambiguous_service"      // a call by a name that fits several services
	PreconditionFailed   Code = "precondition_failed"    // the resource is not at the revision that the caller saw
	TooLarge             Code = "too_large"              // over the limit of the body
	UnsupportedMediaType Code = "unsupported_media_type" // a body of a kind that this method does not read
	Exception            Code = "exception"              // type of a declared exception; its code is the exception's name
	Business             Code = "business_error"         // a BizStatusError of the service
	RateLimited          Code = "rate_limited"           // too many requests; Retry-After
	NotImplemented       Code = "not_implemented"        // it is configured, and this version does not serve it
	Internal             Code = "internal"               // a fault of the gateway
	ModuleFailed         Code = "module_failed"          // a module threw, ran too long or answered nonsense
	UpstreamFailed       Code = "upstream_failed"        // connection lost, unreadable answer, unexpected error of the service
	NoInstance           Code = "no_instance"            // nobody to call; Retry-After
	BreakerOpen          Code = "breaker_open"           // the service is being spared; Retry-After
	ShuttingDown         Code = "shutting_down"          // this gateway is about to stop; Retry-After
	Stale                Code = "stale"                  // the store cannot be reached: reads are old, writes refused
	Timeout              Code = "timeout"                // the service did not answer in time
)

// codes is the one table of what a code means over HTTP. It is never written to.
var codes = map[Code]struct {
	status int
	title  string
}{
	MalformedRequest:     {http.StatusBadRequest, "Malformed request"},
	InvalidRequest:       {http.StatusBadRequest, "Invalid request"},
	Unauthorized:         {http.StatusUnauthorized, "Unauthorized"},
	Forbidden:            {http.StatusForbidden, "Forbidden"},
	NotFound:             {http.StatusNotFound, "Not found"},
	ServiceNotFound:      {http.StatusNotFound, "Service not found"},
	MethodNotFound:       {http.StatusNotFound, "Method not found"},
	MethodNotAllowed:     {http.StatusMethodNotAllowed, "Method not allowed"},
	Conflict:             {http.StatusConflict, "Conflict"},
	AmbiguousService:     {http.StatusConflict, "Ambiguous service name"},
	PreconditionFailed:   {http.StatusPreconditionFailed, "Precondition failed"},
	TooLarge:             {http.StatusRequestEntityTooLarge, "Request too large"},
	UnsupportedMediaType: {http.StatusUnsupportedMediaType, "Unsupported media type"},
	Exception:            {http.StatusUnprocessableEntity, "The service answered with an exception"},
	Business:             {http.StatusUnprocessableEntity, "The service refused"},
	RateLimited:          {http.StatusTooManyRequests, "Too many requests"},
	NotImplemented:       {http.StatusNotImplemented, "Not implemented"},
	Internal:             {http.StatusInternalServerError, "Internal error"},
	ModuleFailed:         {http.StatusInternalServerError, "Module failed"},
	UpstreamFailed:       {http.StatusBadGateway, "Service failed"},
	NoInstance:           {http.StatusServiceUnavailable, "No instance available"},
	BreakerOpen:          {http.StatusServiceUnavailable, "Service suspended"},
	ShuttingDown:         {http.StatusServiceUnavailable, "Shutting down"},
	Stale:                {http.StatusServiceUnavailable, "Store unavailable"},
	Timeout:              {http.StatusGatewayTimeout, "Service timed out"},
}

// Status is the HTTP status that goes with the code: 500 for a code that is not in the table.
func (c Code) Status() int {
	if k, ok := codes[c]; ok {
		return k.status
	}
	return http.StatusInternalServerError
}

// Title is the short text that goes with the code, the same for every occurrence.
func (c Code) Title() string {
	if k, ok := codes[c]; ok {
		return k.title
	}
	return http.StatusText(http.StatusInternalServerError)
}

// URI is the code as the type member of a problem document. It identifies; there is nothing to fetch.
func (c Code) URI() string { return "urn:dgate:problem:" + string(c) }
