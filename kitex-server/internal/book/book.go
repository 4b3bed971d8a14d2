package book

import (
	"errors"
	"fmt"
)

// The longest texts that Insert takes, in bytes.
const (
	MaxID   = 255
	MaxText = 1024
)

// Book is one book. Books never change.
type Book struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Author  string `json:"author"`
	Content string `json:"content,omitempty"`
}

// ErrNotFound is what Find returns for an ID that no book has.
var ErrNotFound = errors.New("no such book")

// RefusedError says, in a sentence for people, why a book was not inserted.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

// check refuses books that cannot be stored.
func (b Book) check() error {
	for _, text := range []struct {
		name, value string
		limit       int
		required    bool
	}{
		{"the ID", b.ID, MaxID, true},
		{"the title", b.Title, MaxText, true},
		{"the author", b.Author, MaxText, false},
	} {
		switch {
		case text.required && text.value == "":
			return &RefusedError{text.name + " is empty"}
		case len(text.value) > text.limit:
			return &RefusedError{fmt.Sprintf("%s is longer than %d bytes", text.name, text.limit)}
		}
	}
	return nil
}

// duplicate refuses a book whose ID is taken.
func duplicate(id string) error {
	return &RefusedError{fmt.Sprintf("a book with the ID %q exists already", id)}
}

// seed is what every library has from the start.
var seed = []Book{
	{ID: "1", Title: "Moby-Dick", Author: "Herman Melville", Content: "Call me Ishmael."},
	{ID: "2", Title: "Pride and Prejudice", Author: "Jane Austen", Content: "It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife."},
	{ID: "3", Title: "A Tale of Two Cities", Author: "Charles Dickens", Content: "It was the best of times, it was the worst of times."},
	{ID: "4", Title: "Anna Karenina", Author: "Leo Tolstoy", Content: "Happy families are all alike; every unhappy family is unhappy in its own way."},
	{ID: "5", Title: "The Time Machine", Author: "H. G. Wells", Content: "The Time Traveller (for so it will be convenient to speak of him) was expounding a recondite matter to us."},
}
