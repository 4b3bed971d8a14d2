// Package edge is what happens before a request is a request: listeners,
// connections and their states, limits, and the orderly end of all of them.
// Start with New, then Server.Serve and Server.Shutdown.
package edge
