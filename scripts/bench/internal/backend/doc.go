// Package backend is the service that all variants call: a generated Kitex
// server whose answers are made beforehand. It tells TTHeader from framed by
// itself, and registers nowhere. Start with Run.
package backend
