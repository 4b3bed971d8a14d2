// Package api is the contract between the gateway and everything that talks
// to it: the problem documents that both listeners answer errors with, the
// documents of the admin API, and its client. It needs the standard library
// only. Start with NewProblem on the side of the gateway and with NewClient on
// the other.
package api
