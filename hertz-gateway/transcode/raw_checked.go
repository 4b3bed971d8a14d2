//go:build race || checked || !(amd64 || arm64)

package transcode

import "encoding/binary"

// The functions of raw.go, with all checks.

func rawByte(dst []byte, n int, c byte) { dst[n : n+1][0] = c }

func rawWord(dst []byte, n int, x uint64) { binary.LittleEndian.PutUint64(dst[n:n+8], x) }

func rawChunk(dst []byte, n int, src *chunk) { copy(dst[n:n+len(src.bytes)], src.bytes[:]) }

func rawChunkAt(b []byte, i int) *chunk {
	return &chunk{[32]byte(b[i : i+32 : len(b)])}
}

func rawLittle64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8 : len(b)]) }

func rawLittle32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i : i+4 : len(b)]) }

func rawBig64(b []byte, i int) uint64 { return binary.BigEndian.Uint64(b[i : i+8 : len(b)]) }

func rawBig32(b []byte, i int) uint32 { return binary.BigEndian.Uint32(b[i : i+4 : len(b)]) }

func rawAt(b []byte, i int) byte { return b[i] }

func rawHalf(dst []byte, n int, x uint32) { binary.LittleEndian.PutUint32(dst[n:n+4], x) }

func rawBigHalf(dst []byte, n int, x uint32) { binary.BigEndian.PutUint32(dst[n:n+4], x) }

func rawBigWord(dst []byte, n int, x uint64) { binary.BigEndian.PutUint64(dst[n:n+8], x) }
