//go:build !race && !checked

package transcode

import (
	"encoding/binary"
	"unsafe"
)

// The functions below read and write without looking whether the bytes are
// there: a check each would cost more than the access. Who calls them has
// checked once for many: of a source, that the bytes lie within its length; of
// a destination, that they lie within its capacity, behind its length or not.
// With the build tags race or checked they are the ones of raw_checked.go,
// which panic instead; the fuzz targets are run so.

// rawByte writes one byte at n.
func rawByte(dst []byte, n int, c byte) {
	*(*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), n)) = c
}

// rawWord writes the eight bytes of x at n, the lowest one first.
func rawWord(dst []byte, n int, x uint64) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), n))[:], x)
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
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))[:])
}

func rawLittle32(b []byte, i int) uint32 {
	return binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))[:])
}

func rawBig64(b []byte, i int) uint64 {
	return binary.BigEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))[:])
}

func rawBig32(b []byte, i int) uint32 {
	return binary.BigEndian.Uint32((*[4]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))[:])
}

// rawAt is the byte at i.
func rawAt(b []byte, i int) byte {
	return *(*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}
