// Package durable writes files that a crash leaves whole: see Write.
package durable
