// Package halfduplex makes one system call less of writing to a connection and
// waiting for the answer, where the two sides take turns: HTTP/1.1, and Thrift
// without multiplexing.
package halfduplex
