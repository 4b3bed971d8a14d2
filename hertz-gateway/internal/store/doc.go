// Package store keeps the gateway's state in etcd and the way to it: the
// embedded single-member server that a gateway runs when nothing else is
// configured, the client for it or for a cluster, and the state itself:
// keys and JSON bytes, no matter of which kinds.
//
// Start with StartEmbedded and NewClient, then Open: it lists the state, goes
// on watching, and Current, Next and Commit are what the rest is about.
package store
