// Package telemetry holds what the gateway says about itself: metrics, and its
// log, whose last lines are kept for those who look from afar (Tail).
package telemetry
