// Package payload makes what is sent and answered: the cases of the comparison,
// the same in every process without being passed around. Start with Cases.
package payload
