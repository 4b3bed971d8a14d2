// Package drill tests many gateways on one etcd cluster, as processes that are
// killed, cut off and started again under load. All of it is tests: the short
// ones always run; with DGATE_DRILL set to a duration (`make drill`) all do, that
// long each where they repeat something.
package drill
