// Package report writes the results of a comparison as Markdown, as a plot, and
// the profiles in a form that can be kept. Start with Markdown.
package report
