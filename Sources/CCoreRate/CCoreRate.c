#include "CCoreRate.h"

#define FOUR(x) x x x x
#define TEN(x) x x x x x x x x x x

void ccr_run_instructions(long turns) {
#if defined(__x86_64__)
    // Eight bytes each, as long as instructions of products are.
    for (; turns > 0; turns--) __asm__ volatile(FOUR(FOUR(FOUR(".byte 0x0f,0x1f,0x84,0,0,0,0,0\n\t"))));
#else
    for (; turns > 0; turns--) __asm__ volatile(FOUR(FOUR(FOUR("nop\n\t"))));
#endif
}

void ccr_run_multiply_adds(long turns) {
#if defined(__x86_64__)
#define STEP(register) "vfmadd231ps %%ymm15, %%ymm15, %%ymm" #register "\n\t"
    __asm__ volatile("vxorps %%ymm15, %%ymm15, %%ymm15\n\t"
                     "1:\n\t" TEN(STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7) STEP(8) STEP(9) STEP(10)
                                      STEP(11)) "dec %0\n\tjnz 1b"
                     : "+r"(turns)
                     :
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                       "xmm15", "cc");
#else
#define STEP(register) "fmla v" #register ".4s, v31.4s, v31.4s\n\tfmla v" #register ".4s, v31.4s, v31.4s\n\t"
    __asm__ volatile("movi v31.4s, #0\n"
                     "1:\n\t" TEN(STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7) STEP(8) STEP(9) STEP(10)
                                      STEP(11)) "subs %0, %0, #1\n\tb.ne 1b"
                     : "+r"(turns)
                     :
                     : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v31", "cc");
#endif
}
