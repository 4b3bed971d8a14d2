// Package discovery keeps the live instances of every destination found in the
// etcd registry that Kitex servers register in (github.com/kitex-contrib/registry-etcd).
// One watch over the registry prefix feeds immutable sets, which outlive etcd.
// Start with New and Resolver.Run, then Resolver.Destination.
package discovery
