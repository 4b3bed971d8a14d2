// Package schema compiles JSON Schemas and checks JSON against them: draft
// 2020-12 unless a schema's $schema names another, formats asserted. It opens
// neither files nor connections. Call Compile, then Schema.Check.
package schema
