// Package kitex calls Kitex services with Kitex's generic clients: arguments
// and results pass as Thrift binary. Start with New and Factory.Open.
//
// A call stays in its goroutine. Its deadline is a time that the transport
// puts on the connection, never a context that ends; connecting is bounded by
// it too. An instance that refuses a connection is skipped for a while, and
// the call, which was not sent, goes to another one. A call that may have been
// sent is never repeated here.
package kitex
