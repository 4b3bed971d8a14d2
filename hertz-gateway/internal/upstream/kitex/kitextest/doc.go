// Package kitextest runs real Kitex servers inside tests. Start with Serve.
package kitextest
