// Package servicemapping reads a directory of Thrift IDLs and compiles it into
// a Mapping: which verb and path call which method, and for each method the
// plan that takes an HTTP request to Thrift binary and a result back. It is
// pure: files come through fs.FS, messages through small interfaces, and there
// is no network. Start with Load, then Method.Bindings and Plan.AppendRequest.
package servicemapping
