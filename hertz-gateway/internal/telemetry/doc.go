// Package telemetry holds what the gateway says about itself: logs now.
package telemetry
