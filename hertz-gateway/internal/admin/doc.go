// Package admin is the control plane's HTTP side: health, status, calls by
// name. Start with Handler.Serve.
package admin
