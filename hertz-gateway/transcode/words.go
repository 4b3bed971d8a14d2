package transcode

import "encoding/binary"

// Words at an offset. A slice of known length costs one comparison, where one
// to the end of the bytes costs several steps; these are inlined.

func beUint64(b []byte, i int) uint64 { return binary.BigEndian.Uint64(b[i : i+8]) }
func beUint32(b []byte, i int) uint32 { return binary.BigEndian.Uint32(b[i : i+4]) }

// chunk is what is copied at once. It is a struct so that the compiler copies
// it with a few instructions: arrays may overlap, for all it knows.
type chunk struct{ bytes [32]byte }

// fourWords are the first 32 bytes of b.
func fourWords(b []byte) (x0, x1, x2, x3 uint64) {
	b = b[:32]
	return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
}
