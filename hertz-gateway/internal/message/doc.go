// Package message is the one view of HTTP that policies, plans, hooks and
// upstreams have: Request and Response are thin structs over Hertz's request
// context and copy nothing. Neither outlives its exchange. Start with
// Request.Reset and Response.Reset.
package message
