// Package halfduplex makes one system call less of writing a request and waiting
// for its answer, where the two sides strictly take turns, as with Thrift
// without multiplexing.
package halfduplex
