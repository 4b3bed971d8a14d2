package kitex

import "sync"

// buffer is what a request is written from and its answer read into; pooled by
// size.
type buffer struct{ b []byte }

// The sizes of buffers. Larger ones are left to the garbage collector.
const (
	smallBuffer = 8 << 10
	largeBuffer = 128 << 10
)

var smallBuffers, largeBuffers = buffersOf(smallBuffer), buffersOf(largeBuffer)

func buffersOf(size int) *sync.Pool {
	return &sync.Pool{New: func() any { return &buffer{make([]byte, size)} }}
}

func getBuffer() *buffer { return smallBuffers.Get().(*buffer) }

func (b *buffer) release() {
	switch len(b.b) {
	case smallBuffer:
		smallBuffers.Put(b)
	case largeBuffer:
		largeBuffers.Put(b)
	}
}

// room returns b, or a larger buffer in its place, and its free part behind
// the first got bytes of want. Beyond a large buffer there is room for no more
// than as much again as has arrived: an answer's claim of its size costs
// nothing.
func (b *buffer) room(got, want int) (*buffer, []byte) {
	size := len(b.b)
	if got < size && (want <= size || size >= largeBuffer) {
		return b, b.b[got:]
	}
	var larger *buffer
	if size < largeBuffer {
		larger = largeBuffers.Get().(*buffer)
	} else {
		larger = &buffer{make([]byte, min(2*size, want))}
	}
	copy(larger.b, b.b[:got])
	b.release()
	return larger, larger.b[got:]
}
