#include "textflag.h"

// func markBlocksAVX2(m, text *byte, blocks int)
TEXT ·markBlocksAVX2(SB), NOSPLIT, $0-24
	MOVQ m+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVL $'"', AX
	VMOVD AX, X4
	VPBROADCASTB X4, Y4
	MOVL $'\\', AX
	VMOVD AX, X5
	VPBROADCASTB X5, Y5
	MOVL $' ', AX
	VMOVD AX, X6
	VPBROADCASTB X6, Y6

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
