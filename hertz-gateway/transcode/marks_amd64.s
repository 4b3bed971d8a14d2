#include "textflag.h"
#include "utf8_amd64.h"

// func markAVX2(m, text *byte, n int) (valid bool)
//
// Y0 and Y1 are the block, Y2 to Y4, Y8 and Y10 to Y12 constants, Y13 the last
// 32 bytes before the block, Y14 those of them that want more bytes, Y15 what
// is wrong.
TEXT ·markAVX2(SB), NOSPLIT, $64-25
	MOVQ m+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ n+16(FP), CX
	EACH('"', X10, Y10)
	EACH('\\', X11, Y11)
	EACH(0x1f, X12, Y12)
	VPXOR Y13, Y13, Y13
	VPXOR Y14, Y14, Y14
	VPXOR Y15, Y15, Y15
	CMPQ CX, $64
	JB   tail

loop:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1

block:
	MARK(Y0, AX)
	MARK(Y1, BX)
	SHLQ $32, BX
	ORQ  BX, AX
	MOVQ AX, (DI)
	VPOR Y0, Y1, Y5
	VPMOVMSKB Y5, AX
	TESTL AX, AX
	JNE  unicode
	VPOR Y14, Y15, Y15
	VPXOR Y14, Y14, Y14

next:
	VMOVDQA Y1, Y13
	ADDQ $64, SI
	ADDQ $8, DI
	SUBQ $64, CX
	CMPQ CX, $64
	JGE  loop

tail:
	TESTQ CX, CX
	JLE  done

	// The last block reads beyond the text, in a page that the text is in, and
	// counts what is there as zero.
	MOVQ SI, AX
	ANDQ $4095, AX
	CMPQ AX, $4032
	JLE  readable
	LEAQ buffer-64(SP), DX
	XORQ BX, BX

copy:
	MOVB (SI)(BX*1), AX
	MOVB AX, (DX)(BX*1)
	INCQ BX
	CMPQ BX, CX
	JB   copy
	MOVQ DX, SI

readable:
	LEAQ window<>+64(SB), DX
	SUBQ CX, DX
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VPAND (DX), Y0, Y0
	VPAND 32(DX), Y1, Y1
	JMP  block

unicode:
	EACH(0x80, X2, Y2)
	EACH(0x60, X3, Y3)
	EACH(0x70, X4, Y4)
	EACH(0x0f, X8, Y8)
	CHECK(Y13, Y0)
	CHECK(Y0, Y1)
	VPSUBUSB whole<>(SB), Y1, Y14
	JMP  next

done:
	MOVQ $-1, AX
	MOVQ AX, (DI)
	VPOR Y14, Y15, Y15
	VPTEST Y15, Y15
	SETEQ valid+24(FP)
	VZEROUPPER
	RET
