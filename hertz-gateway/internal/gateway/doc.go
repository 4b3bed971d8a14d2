// Package gateway is the composition root: configuration, wiring, the reconcile
// loop and the orderly start and stop of everything. Start with LoadConfig, New
// and Gateway.Run.
package gateway
