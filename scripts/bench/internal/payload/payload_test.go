package payload

import "testing"

func TestCasesHaveTheSizesTheyAreNamedFor(t *testing.T) {
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"reply4k": Small, "echo4k": Small, "reply100k": Large, "echo100k": Large}
	for _, c := range cases {
		if n := want[c.Key]; n > 0 && len(c.Answer) != n {
			t.Errorf("%s: %d bytes of JSON, want %d", c.Name, len(c.Answer), n)
		}
	}
}

func TestLibraryIsTheSameEachTime(t *testing.T) {
	first, err := Library(Small)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Library(Small)
	if err != nil {
		t.Fatal(err)
	}
	if first.String() == "" || len(first.Shelves) < 2 {
		t.Fatalf("not nested: %d shelves", len(first.Shelves))
	}
	for i, shelf := range first.Shelves {
		for j, book := range shelf.Books {
			if other := second.Shelves[i].Books[j]; book.Id != other.Id || book.Title != other.Title {
				t.Errorf("shelf %d, book %d differs: %v and %v", i, j, book, other)
			}
		}
	}
}
