// No service: not an IDL of its own.
struct User { 1: string name }
