package api

import (
	"encoding/json"
	"time"
)

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

// Written is the answer to a write of one resource.
type Written struct {
	Applied
	// Resource is what is stored now, without what is secret.
	Resource json.RawMessage `json:"resource"`
}

// History is the answer of GET /api/v1/history.
type History struct {
	Entries []HistoryEntry `json:"entries"`
}

// HistoryEntry is one change of the past.
type HistoryEntry struct {
	Revision int64     `json:"revision"`
	Time     time.Time `json:"time"`
	Author   string    `json:"author,omitempty"`
	Message  string    `json:"message,omitempty"`
	// Changes is how many resources it wrote or deleted; Resources are the first.
	Changes   int   `json:"changes"`
	Resources []Ref `json:"resources"`
}

// Rollback is the body of POST /api/v1/rollback.
type Rollback struct {
	// Revision to go back to, from the history.
	Revision int64 `json:"revision"`
}
