// Package transcode converts between JSON and the Thrift binary protocol with
// programs compiled from type descriptors. It is pure: no network, no files,
// no HTTP. Start with Compile, then Codec.AppendThrift and Codec.AppendJSON.
package transcode
