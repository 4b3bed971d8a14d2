//go:build unix

package transcode

import (
	"bytes"
	"os"
	"syscall"
	"testing"
)

// TestMarksPage has texts end at and shortly before the end of a page, behind
// which nothing may be read.
func TestMarksPage(t *testing.T) {
	page := os.Getpagesize()
	pages, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(pages); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mprotect(pages[page:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	copy(pages[:page], bytes.Repeat([]byte("Zürich is \"here\". "), page/18+1))
	for end := page - 70; end <= page; end++ {
		for _, size := range []int{1, 17, 63, 64, 65, 100, 128, 200} {
			checkMarks(t, pages[end-size:end])
		}
	}
}
