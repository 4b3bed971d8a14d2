//go:build (amd64 || arm64) && !race && !checked

package transcode

import (
	"math/bits"
	"unsafe"
)

// The functions below read and write without looking whether the bytes are
// there: a check each would cost more than the access. Who calls them has
// checked once for many: of a source, that the bytes lie within its length; of
// a destination, that they lie within its capacity, behind its length or not.
// With the build tags race or checked they are the ones of raw_checked.go,
// which panic instead; the fuzz targets are run so. Here are those for
// processors whose words have the lowest byte first, wherever they lie.

// rawByte writes one byte at n.
func rawByte(dst []byte, n int, c byte) {
	*(*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), n)) = c
}

// rawWord writes the eight bytes of x at n, the lowest one first.
func rawWord(dst []byte, n int, x uint64) {
	*(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), n)) = x
}

// rawChunk writes the bytes of src at n.
func rawChunk(dst []byte, n int, src *chunk) {
	*(*chunk)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), n)) = *src
}

// rawChunkAt are the bytes at i.
func rawChunkAt(b []byte, i int) *chunk {
	return (*chunk)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

// rawLittle64 and rawLittle32 read a word at i whose lowest byte comes first,
// rawBig64 and rawBig32 one whose highest does.
func rawLittle64(b []byte, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

func rawLittle32(b []byte, i int) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

func rawBig64(b []byte, i int) uint64 {
	return bits.ReverseBytes64(*(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)))
}

func rawBig32(b []byte, i int) uint32 {
	return bits.ReverseBytes32(*(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)))
}

// rawAt is the byte at i.
func rawAt(b []byte, i int) byte {
	return *(*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

// rawHalf writes the four bytes of x at n, the lowest one first; rawBigHalf and
// rawBigWord write those of x, the highest one first.
func rawHalf(dst []byte, n int, x uint32) {
	*(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), n)) = x
}

func rawBigHalf(dst []byte, n int, x uint32) {
	*(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), n)) = bits.ReverseBytes32(x)
}

func rawBigWord(dst []byte, n int, x uint64) {
	*(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), n)) = bits.ReverseBytes64(x)
}
