package api

// Ref names a resource.
type Ref struct {
	Kind      Kind   `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// Applied is what a write has done, or would do in a dry run.
type Applied struct {
	// Revision is the store's after the write.
	Revision int64 `json:"revision"`
	Created  []Ref `json:"created,omitempty"`
	Updated  []Ref `json:"updated,omitempty"`
	Deleted  []Ref `json:"deleted,omitempty"`
	// Unchanged counts what was there in that form already.
	Unchanged int  `json:"unchanged,omitempty"`
	DryRun    bool `json:"dry_run,omitempty"`
	// Warnings are about what serves, perhaps not as meant.
	Warnings []FieldError `json:"warnings,omitempty"`
}
