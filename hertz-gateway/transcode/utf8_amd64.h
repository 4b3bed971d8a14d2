// What the assembly of this package has in common.

// The classes of UTF-8 (RFC 3629): what is wrong with a byte behind another
// shows in three half bytes, the upper and lower half of the first and the
// upper half of the second. A pair is wrong if all three have a bit in common:
//
//	01 a lead, then no continuation    08 above U+10FFFF: F4 90
//	02 ASCII, then a continuation      10 a surrogate: ED A0
//	04 overlong: E0 80                 20 overlong: C0, C1
//	40 overlong: F0 80, or F5 and above, then 80
//	80 two continuations, which is right where a lead of three or four bytes asks for them
DATA firstHigh<>+0(SB)/8, $0x0202020202020202
DATA firstHigh<>+8(SB)/8, $0x4915012180808080
GLOBL firstHigh<>(SB), RODATA|NOPTR, $16
DATA firstLow<>+0(SB)/8, $0xcbcbcb8b8383a3e7
DATA firstLow<>+8(SB)/8, $0xcbcbdbcbcbcbcbcb
GLOBL firstLow<>(SB), RODATA|NOPTR, $16
DATA secondHigh<>+0(SB)/8, $0x0101010101010101
DATA secondHigh<>+8(SB)/8, $0x01010101babaaee6
GLOBL secondHigh<>(SB), RODATA|NOPTR, $16

// The most that each of the last 32 bytes may be without a lead that wants
// bytes behind them.
DATA whole<>+0(SB)/8, $0xffffffffffffffff
DATA whole<>+8(SB)/8, $0xffffffffffffffff
DATA whole<>+16(SB)/8, $0xffffffffffffffff
DATA whole<>+24(SB)/8, $0xbfdfefffffffffff
GLOBL whole<>(SB), RODATA|NOPTR, $32

// 64 bytes from window+64-n keep the first n bytes of a block.
DATA window<>+0(SB)/8, $0xffffffffffffffff
DATA window<>+8(SB)/8, $0xffffffffffffffff
DATA window<>+16(SB)/8, $0xffffffffffffffff
DATA window<>+24(SB)/8, $0xffffffffffffffff
DATA window<>+32(SB)/8, $0xffffffffffffffff
DATA window<>+40(SB)/8, $0xffffffffffffffff
DATA window<>+48(SB)/8, $0xffffffffffffffff
DATA window<>+56(SB)/8, $0xffffffffffffffff
DATA window<>+64(SB)/8, $0
DATA window<>+72(SB)/8, $0
DATA window<>+80(SB)/8, $0
DATA window<>+88(SB)/8, $0
DATA window<>+96(SB)/8, $0
DATA window<>+104(SB)/8, $0
DATA window<>+112(SB)/8, $0
DATA window<>+120(SB)/8, $0
GLOBL window<>(SB), RODATA|NOPTR, $128

// What single bytes are compared with: quote, backslash, the last control
// character, and the constants of CHECK.
DATA bytes<>+0(SB)/8, $0x000f7060801f5c22
GLOBL bytes<>(SB), RODATA|NOPTR, $8

// EACH fills all bytes of y with c.
#define EACH(c, x, y) \
	MOVL $c, AX \
	VMOVD AX, x \
	VPBROADCASTB x, y

// MARK leaves in r the marks of the 32 bytes of y.
#define MARK(y, r) \
	VPCMPEQB Y10, y, Y5 \
	VPCMPEQB Y11, y, Y6 \
	VPMINUB Y12, y, Y7 \
	VPCMPEQB Y7, y, Y7 \
	VPOR Y5, Y6, Y5 \
	VPOR Y5, Y7, Y5 \
	VPMOVMSKB Y5, r

// CHECK adds to Y15 what is wrong with the UTF-8 of the 32 bytes of y, which
// come after those of before.
#define CHECK(before, y) \
	VPERM2I128 $0x21, y, before, Y9 \
	VPALIGNR $15, Y9, y, Y5 \
	VPSRLW $4, Y5, Y6 \
	VPAND Y8, Y6, Y6 \
	VPAND Y8, Y5, Y5 \
	VBROADCASTI128 firstHigh<>(SB), Y7 \
	VPSHUFB Y6, Y7, Y6 \
	VBROADCASTI128 firstLow<>(SB), Y7 \
	VPSHUFB Y5, Y7, Y5 \
	VPAND Y5, Y6, Y6 \
	VPSRLW $4, y, Y5 \
	VPAND Y8, Y5, Y5 \
	VBROADCASTI128 secondHigh<>(SB), Y7 \
	VPSHUFB Y5, Y7, Y5 \
	VPAND Y5, Y6, Y6 \
	VPALIGNR $14, Y9, y, Y5 \
	VPALIGNR $13, Y9, y, Y7 \
	VPSUBUSB Y3, Y5, Y5 \
	VPSUBUSB Y4, Y7, Y7 \
	VPOR Y5, Y7, Y5 \
	VPAND Y2, Y5, Y5 \
	VPXOR Y5, Y6, Y6 \
	VPOR Y6, Y15, Y15
