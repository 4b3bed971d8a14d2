package jsmodule

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxDocument bounds the JSON of a document in bytes.
const MaxDocument = 512 << 10

// Documents keeps the documents of collections for `dgate/state`. Many
// goroutines use it at once; every call returns when ctx ends. Names and ids
// have been checked before. An error that wraps *CallError shows its fields to
// the module, with the codes below; any other means that the state cannot be
// reached now.
type Documents interface {
	// Get reads a document. ErrNoDocument, ErrNoCollection.
	Get(ctx context.Context, namespace, collection, id string) (Document, error)
	// List reads documents in the order of their ids, at most limit of them,
	// from offset on. ErrNoCollection.
	List(ctx context.Context, namespace, collection string, offset, limit int) ([]Document, error)
	// Put stores d and returns it as stored, with its new revision. What
	// d.Revision asks for is checked in the same step. ErrNoCollection,
	// ErrConflict, CodeSchema.
	Put(ctx context.Context, namespace string, d Document) (Document, error)
	// Delete removes a document. ErrNoDocument, ErrNoCollection.
	Delete(ctx context.Context, namespace, collection, id string) error
	// Collection reads a collection. ErrNoCollection.
	Collection(ctx context.Context, namespace, name string) (Collection, error)
	// PutCollection creates a collection or changes it: its schema holds for
	// what is written from then on. CodeSchema when it is no schema.
	PutCollection(ctx context.Context, namespace string, c Collection) (Collection, error)
	// DeleteCollection removes a collection, which must be empty.
	// ErrNoCollection, CodeConflict.
	DeleteCollection(ctx context.Context, namespace, name string) error
}

// Document is one JSON value of a collection.
type Document struct {
	// ID is 1 to 255 bytes of UTF-8 without control characters.
	ID         string
	Collection string
	// Data is JSON with all digits of its numbers. It is not to be changed.
	Data json.RawMessage
	// Revision changes with every write and is positive in a stored document.
	// In Put it is a condition: 0 is none, a positive one must be that of the
	// stored document, and MustNotExist means that there must be none.
	Revision             int64
	CreatedAt, UpdatedAt time.Time
}

// MustNotExist is the Revision of a document that Put is to create.
const MustNotExist = -1

// Collection is a set of documents of a namespace.
type Collection struct {
	Name string
	// Schema is a JSON Schema that its documents fit; nil when any will do.
	Schema json.RawMessage
	// Visibility is "private" (default: modules alone read it) or "public".
	Visibility           string
	Tags                 []string
	Revision             int64
	CreatedAt, UpdatedAt time.Time
}

// The codes of failed calls to Documents.
const (
	CodeNotFound    = "not_found"
	CodeConflict    = "conflict"
	CodeSchema      = "schema"
	CodeInvalid     = "invalid"
	CodeTooLarge    = "too_large"
	CodeUnavailable = "unavailable"
)

// The errors of Documents that say all.
var (
	ErrNoDocument   = &CallError{Code: CodeNotFound, Status: http.StatusNotFound, Message: "there is no such document"}
	ErrNoCollection = &CallError{Code: CodeNotFound, Status: http.StatusNotFound, Message: "there is no such collection"}
	ErrConflict     = &CallError{Code: CodeConflict, Status: http.StatusConflict, Message: "the document has changed meanwhile, or is there already"}
)

// SchemaError is the error for data that does not fit a schema, or a schema that
// is none.
func SchemaError(format string, args ...any) *CallError {
	return &CallError{Code: CodeSchema, Status: http.StatusUnprocessableEntity, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *CallError {
	return &CallError{Code: CodeInvalid, Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

var collectionName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,63}$`)

func checkCollectionName(name string) error {
	if !collectionName.MatchString(name) {
		return invalid("%q cannot be the name of a collection: 1 to 63 letters, digits, dots, hyphens and underscores", name)
	}
	return nil
}

func checkDocumentID(id string) error {
	if id == "" || len(id) > 255 || !utf8.ValidString(id) {
		return invalid("the id of a document has 1 to 255 bytes of UTF-8")
	}
	for _, r := range id {
		if unicode.IsControl(r) {
			return invalid("the id of a document holds no control characters")
		}
	}
	return nil
}
