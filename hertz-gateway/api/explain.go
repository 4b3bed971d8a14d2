package api

import (
	"encoding/json"
	"fmt"
)

// ExplainRequest is the request of POST /api/v1/explain: an HTTP request that
// is not sent.
type ExplainRequest struct {
	// Method is the verb; empty: GET.
	Method string `json:"method"`
	// URL is a path with its query, or a whole URL.
	URL     string                  `json:"url"`
	Headers map[string]HeaderValues `json:"headers,omitempty"`
	Body    string                  `json:"body,omitempty"`
	// Send has the gateway serve the request too, and tell what became of it.
	Send bool `json:"send,omitempty"`
}

// HeaderValues are the lines of a header. In JSON it is a text or a list of texts.
type HeaderValues []string

// UnmarshalJSON reads either form.
func (h *HeaderValues) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*h = HeaderValues{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(text, &many); err != nil {
		return fmt.Errorf("a header is a text or a list of texts: %w", err)
	}
	*h = many
	return nil
}

// Explanation tells what becomes of a request. What stands behind Response is
// known to a running gateway only. Members are only ever added.
type Explanation struct {
	Method string `json:"method"`
	// Path is the one that was matched, undecoded.
	Path string `json:"path"`
	// Outcome of the match.
	Outcome ExplainOutcome `json:"outcome"`
	// Status that is answered without calling anything; 0 when the route decides.
	Status int `json:"status,omitempty"`
	// Reason of the outcome, in words.
	Reason   string   `json:"reason,omitempty"`
	Allow    []string `json:"allow,omitempty"`
	Location string   `json:"location,omitempty"`

	Route *ExplainedRoute `json:"route,omitempty"`
	// Others are routes that look like it and were not chosen, the nearest first.
	Others []NearMiss `json:"others"`
	// Hooks of modules, in the order in which they run; the call of the service
	// stands among them.
	Hooks []ExplainedHook `json:"hooks"`
	// Binding is how the request becomes the argument of the method; nil when
	// no method is called.
	Binding *ExplainedBinding `json:"binding,omitempty"`
	// Response is how the result becomes an answer; nil when no method is called.
	Response *ExplainedResponse `json:"response,omitempty"`

	// Gateway is the id of the one that explains, Revision what it serves.
	Gateway  string `json:"gateway,omitempty"`
	Revision int64  `json:"revision,omitempty"`
	// Namespace that the host belongs to.
	Namespace string `json:"namespace,omitempty"`
	// Instances that a call would be balanced over.
	Instances []Instance `json:"instances,omitempty"`
	// Sent is what became of the request, if it was sent.
	Sent *ExplainedExchange `json:"sent,omitempty"`
}

// ExplainedExchange is a request that was served.
type ExplainedExchange struct {
	Status int `json:"status"`
	// Took is the time from the request to the end of the answer, and of each
	// stage inside, as time.Duration writes them.
	Took   string           `json:"took"`
	Stages []ExplainedStage `json:"stages"`
	// Instance that answered; Tried are those that refused a connection before.
	Instance string   `json:"instance,omitempty"`
	Tried    []string `json:"tried,omitempty"`
	// Why this instance: the balancer, or what a module chose.
	Why string `json:"why,omitempty"`
	// Body of the answer, at most 4 KiB.
	Body string `json:"body"`
}

// ExplainedStage is one part of an exchange.
type ExplainedStage struct {
	Name string `json:"name"`
	Took string `json:"took"`
}

// ExplainOutcome says how the match of a request ended.
type ExplainOutcome string

// The outcomes.
const (
	OutcomeRoute            ExplainOutcome = "route"
	OutcomeNotFound         ExplainOutcome = "not_found"
	OutcomeMethodNotAllowed ExplainOutcome = "method_not_allowed"
	OutcomeOptions          ExplainOutcome = "options"
	OutcomeRedirect         ExplainOutcome = "redirect"
	OutcomeBadPath          ExplainOutcome = "bad_path"
)

// ExplainedRoute is the route that a request takes.
type ExplainedRoute struct {
	Name string `json:"name"`
	// Origin is "idl", "generic", "module" or "admin".
	Origin string `json:"origin"`
	Verb   string `json:"verb"`
	Path   string `json:"path"`
	// File and Line are where the IDL asks for it.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Params are the parameters of the path, decoded.
	Params []ExplainedParam `json:"params"`
	// Service, RPCMethod and Registry are what is called; empty without a service.
	Service   string `json:"service,omitempty"`
	RPCMethod string `json:"rpc_method,omitempty"`
	Registry  string `json:"registry,omitempty"`
	// Timeout of the request as time.Duration writes it; empty when it is not known.
	Timeout    string `json:"timeout,omitempty"`
	Idempotent bool   `json:"idempotent,omitempty"`
	Oneway     bool   `json:"oneway,omitempty"`
	// Problem is why the route does not serve, if it does not.
	Problem string `json:"problem,omitempty"`
	// Settings that differ from the defaults: "int64=string".
	Settings []string `json:"settings,omitempty"`
}

// ExplainedParam is a parameter of a path.
type ExplainedParam struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// NearMiss is a route that was not chosen.
type NearMiss struct {
	Name   string `json:"name"`
	Origin string `json:"origin"`
	Verb   string `json:"verb"`
	Path   string `json:"path"`
	Why    string `json:"why"`
}

// ExplainedHook is one function of a module, or the call itself.
type ExplainedHook struct {
	// Module is empty for the call of the service.
	Module string `json:"module,omitempty"`
	File   string `json:"file,omitempty"`
	// Hook is the name of the export, "call" for the service, or the problem
	// of a module that is missing.
	Hook string `json:"hook"`
	// When tells when it runs, if not always.
	When string `json:"when,omitempty"`
}

// ExplainedBinding is how a request becomes the argument of a method.
type ExplainedBinding struct {
	// Body tells how the body is read: unread, json, form or thrift.
	Body   string           `json:"body"`
	Fields []ExplainedField `json:"fields"`
	// Args is the argument as JSON, with the names of the fields; absent when
	// the request is refused before it is complete.
	Args json.RawMessage `json:"args,omitempty"`
	// Status and Errors are those of the refusal; Status is 0 when there is none.
	Status int          `json:"status,omitempty"`
	Errors []FieldError `json:"errors,omitempty"`
}

// ExplainedField is one field of the argument.
type ExplainedField struct {
	// Field is the way to it in the names of the IDL: "Num", "filter.author".
	Field string `json:"field"`
	Type  string `json:"type"`
	// Places where it is looked for, in that order: `query "num"`.
	Places []string `json:"places"`
	// From is the one that had it, "default" or "absent".
	From string `json:"from"`
	// Raw is the value as it came, cut if it is long.
	Raw string `json:"raw,omitempty"`
	// Conversion tells what is made of it.
	Conversion string `json:"conversion,omitempty"`
	// Value is what the service gets, as JSON; absent if nothing, or nothing yet.
	Value json.RawMessage `json:"value,omitempty"`
	// Problem is why the request is refused.
	Problem string `json:"problem,omitempty"`
}

// ExplainedResponse is how a result becomes an answer.
type ExplainedResponse struct {
	// Status of a success: "200", or where it comes from.
	Status string `json:"status"`
	// Body is the type that is written as JSON, or what else is.
	Body string `json:"body"`
	// Fields that leave the body, and where they go to.
	Fields []ExplainedPlace `json:"fields,omitempty"`
	// Exceptions that the method declares.
	Exceptions []ExplainedException `json:"exceptions,omitempty"`
}

// ExplainedPlace is a field of a result outside the body.
type ExplainedPlace struct {
	Field string `json:"field"`
	// To is its place: `header "X-Id"`, `status`.
	To string `json:"to"`
}

// ExplainedException is a declared exception and its answer.
type ExplainedException struct {
	Name   string `json:"name"`
	Status int    `json:"status"`
	// StatusField may say another status.
	StatusField string `json:"status_field,omitempty"`
}
