// Package proxy is the data plane: one exchange is one request. Read
// Handler.Serve from top to bottom; every error becomes an answer in
// exchange.fail and nowhere else.
package proxy
