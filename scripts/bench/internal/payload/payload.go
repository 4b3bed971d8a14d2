package payload

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"dgate/bench/kitex_gen/bench"
)

// Sizes of the nested lists, in bytes of JSON.
const (
	Small = 4 << 10
	Large = 100 << 10
)

// Case is one request and the answer that every variant has to give.
type Case struct {
	// Key names the case in files and URLs, Name in tables.
	Key, Name string
	Verb      string
	Target    string
	Body      []byte
	// Answer is JSON; an answer of the same value counts as the same.
	Answer []byte
}

// Book is what the service answers to the book query.
func Book() *bench.QueryBookResp {
	return &bench.QueryBookResp{ID: "1", Title: "The Go Programming Language", Author: "Alan Donovan", Content: "A book about Go"}
}

var words = []string{"night", "river", "the", "last", "garden", "of", "stone", "winter", "letters", "house", "Zürich", "sea"}

// Library returns a nested list of structs with size bytes of JSON, the same
// one at each call.
func Library(size int) (*bench.Library, error) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		s := words[random.IntN(len(words))]
		for range n - 1 {
			s += " " + words[random.IntN(len(words))]
		}
		return s
	}
	lib := &bench.Library{Name: "library"}
	for {
		length, err := jsonLen(lib)
		if err != nil {
			return nil, err
		}
		book := &bench.Book{
			Id:     random.Int64N(1 << 50),
			Title:  text(4),
			Price:  float64(random.IntN(10000)) / 100,
			Stock:  random.Int32N(1000),
			Sold:   random.IntN(2) == 0,
			Tags:   []string{text(1), text(1), text(1)},
			Author: &bench.Author{Name: text(2), Born: 1900 + random.Int32N(100)},
		}
		last := len(lib.Shelves) - 1
		if last < 0 || len(lib.Shelves[last].Books) == 8 {
			lib.Shelves = append(lib.Shelves, &bench.Shelf{Name: text(1)})
			last++
		}
		shelf := lib.Shelves[last]
		shelf.Books = append(shelf.Books, book)
		grown, err := jsonLen(lib)
		if err != nil {
			return nil, err
		}
		if grown <= size {
			continue
		}
		// It does not fit any more: a longer name fills up the rest.
		if shelf.Books = shelf.Books[:len(shelf.Books)-1]; len(shelf.Books) == 0 {
			lib.Shelves = lib.Shelves[:last]
		}
		for ; length < size; length++ {
			lib.Name += "."
		}
		return lib, nil
	}
}

func jsonLen(v any) (int, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return 0, fmt.Errorf("payload: %w", err)
	}
	return len(text), nil
}

// Pages are the sizes of the nested list that the service's list4k answers with
// for a page, where that is not Small.
func Pages() map[int32]int { return map[int32]int{2: 1 << 10, 3: 20 << 10} }

// Cases returns all cases, in the order of the tables.
func Cases() ([]Case, error) {
	small, err := Library(Small)
	if err != nil {
		return nil, err
	}
	large, err := Library(Large)
	if err != nil {
		return nil, err
	}
	cases := []Case{
		{Key: "book", Name: "book query", Verb: "GET", Target: "/book/query?num=1"},
		{Key: "reply4k", Name: "4 KB reply", Verb: "GET", Target: "/list4k?page=1"},
		{Key: "echo4k", Name: "4 KB echo", Verb: "POST", Target: "/echo"},
		{Key: "reply100k", Name: "100 KB reply", Verb: "GET", Target: "/list100k?page=1"},
		{Key: "echo100k", Name: "100 KB echo", Verb: "POST", Target: "/echo"},
	}
	for i, answer := range []any{Book(), small, small, large, large} {
		text, err := json.Marshal(answer)
		if err != nil {
			return nil, fmt.Errorf("payload: %w", err)
		}
		cases[i].Answer = text
		if cases[i].Verb == "POST" {
			cases[i].Body = text
		}
	}
	return cases, nil
}
