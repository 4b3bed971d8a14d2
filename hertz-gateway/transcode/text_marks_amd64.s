#include "textflag.h"
#include "utf8_amd64.h"

// func markBlocksAVX2(m, text *byte, blocks int)
TEXT ·markBlocksAVX2(SB), NOSPLIT, $0-24
	MOVQ m+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ blocks+16(FP), CX
	EACH('"', X4, Y4)
	EACH('\\', X5, Y5)
	EACH(' ', X6, Y6)

loop:
	VMOVDQU (SI), Y0
	VPCMPEQB Y4, Y0, Y1
	VPCMPEQB Y5, Y0, Y2
	VPCMPGTB Y0, Y6, Y3 // as signed numbers: control characters, and not ASCII
	VPOR Y1, Y2, Y1
	VPOR Y1, Y3, Y1
	VPMOVMSKB Y1, AX
	MOVL AX, (DI)
	ADDQ $32, SI
	ADDQ $4, DI
	DECQ CX
	JNE  loop
	VZEROUPPER
	RET

// func unicodeAVX2(text *byte, n int) bool
TEXT ·unicodeAVX2(SB), NOSPLIT, $0-17
	MOVQ text+0(FP), SI
	MOVQ n+8(FP), CX
	VPBROADCASTB bytes<>+0(SB), Y10
	VPBROADCASTB bytes<>+1(SB), Y11
	VPBROADCASTB bytes<>+2(SB), Y12
	VPBROADCASTB bytes<>+3(SB), Y2
	VPBROADCASTB bytes<>+4(SB), Y3
	VPBROADCASTB bytes<>+5(SB), Y4
	VPBROADCASTB bytes<>+6(SB), Y8
	VMOVDQU (SI), Y0
	MARK(Y0, AX)
	MOVQ $-1, DX
	SHLQ CX, DX
	ANDNQ AX, DX, AX

	// What is behind the text counts as zero.
	LEAQ window<>+64(SB), DX
	SUBQ CX, DX
	VPAND (DX), Y0, Y0
	VPXOR Y13, Y13, Y13
	VPSUBUSB whole<>(SB), Y0, Y15
	CHECK(Y13, Y0)
	VPXOR Y5, Y5, Y5
	VPCMPEQB Y5, Y15, Y15
	VPMOVMSKB Y15, DX
	NOTL DX
	ORL DX, AX
	SETEQ ret+16(FP)
	VZEROUPPER
	RET
