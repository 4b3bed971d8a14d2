// Package store is the gateway's way to etcd: the embedded single-member
// server a gateway runs when nothing else is configured, and the client for
// it or for a cluster. Start with StartEmbedded and NewClient.
package store
