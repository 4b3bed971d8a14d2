// Package openapi describes a servicemapping.Mapping to those who call it: as
// an OpenAPI 3.1 document of its routes, and as TypeScript declarations for
// modules and browsers. It is pure: texts in, texts out, the same ones for the
// same mapping. Start with Generate and Types.
package openapi
