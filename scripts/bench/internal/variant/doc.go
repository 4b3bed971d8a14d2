// Package variant holds what the gateway is compared with: Hertz servers that
// do the same job in other ways. Start with Run.
package variant
