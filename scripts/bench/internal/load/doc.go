// Package load sends HTTP requests over a fixed number of connections and
// costs little itself: requests are made beforehand, and of answers only the
// status line and Content-Length are read. Closed sends the next request when
// the answer is there, which shows throughput; Open sends at a fixed rate,
// which shows latency without hiding the time that requests wait to be sent.
package load
