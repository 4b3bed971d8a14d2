// Package explain tells what the gateway would do with a request, without
// sending it: which route takes it and why not the others, where each field of
// the method's argument comes from, which hooks run, and how the result becomes
// an answer. Start with Explain. It is pure: the command line uses it on files,
// the admin API on what is being served.
package explain
