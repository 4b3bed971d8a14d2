// Package router matches verb and path of a request against path templates.
// It knows no HTTP library and no network: Parse a Template, Add it to a
// Builder with the value it stands for, Build an immutable Router, and ask
// Router.Match for each request.
//
// # Templates
//
// A template is split at '/'. A segment is literal text, a parameter (":name"
// or "{name}", at least one byte), a mixture ("{a}-{b}", "v{n}", "user_:name",
// "{id:[0-9]+}"), or, as the last one, a catch-all ("*rest", or "*" whose
// name is "*"): what remains, without a leading slash, perhaps empty. A ':'
// after a '}' is text, so that "/books/{id}:archive" means what it says. A
// regular expression (RE2) has to match all that its parameter takes; it never
// spans a '/'. Literal text may be percent-encoded: "%3A" is a colon that
// starts no parameter. A trailing slash is an empty last segment, and part of
// the template.
//
// # Which route answers
//
// Templates compete segment by segment, from the left: literal text beats a
// mixture, a mixture beats a parameter, a parameter beats a catch-all. Among
// mixtures the longer literal prefix goes first, then the more literal text,
// then the more regular expressions, then the order of the text. A branch that
// leads nowhere is left again, so the result is the first in that order of all
// templates that fit the path and have the verb.
//
// The verb is part of the match: a template without a route for the verb is
// passed over, however specific it is. On one template an exact verb beats
// ANY. GET answers HEAD where the template has no HEAD of its own, before ANY
// does. OPTIONS that no route takes is Options, with the verbs to allow.
//
// # Paths
//
// Match takes the path as the client sent it: not decoded, not cleaned, without
// the query. It is split at '/', then each segment is decoded once and compared
// decoded, so "/b%6Fok" is "/book", while "%2F" stays inside its segment. The
// value of a catch-all is what remains, decoded once as a whole: an encoded
// slash in it can no longer be told from a real one, which Outcome.EncodedSlash
// reports. These are BadPath, whatever the routes: no leading slash, an empty
// segment ("//"), a dot segment however it is encoded, a backslash or NUL raw
// or encoded, a broken escape, and raw control characters, spaces, '?' and '#'.
//
// # Cost
//
// Each node of the tree is visited at most once in a search, so the worst case
// is linear in the number of routes, whatever the path; commonly it is linear in
// the segments of the path. A match of a path without escapes allocates
// nothing, except for a mixture of regular expressions with anything else.
// Router.Edit changes a router by copying only the nodes above the change.
package router
