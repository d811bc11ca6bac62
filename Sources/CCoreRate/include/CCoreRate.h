// Loops whose speed tells what a core does for this thread: how many instructions it issues, and how many multiply-adds.

#ifndef CCORERATE_H
#define CCORERATE_H

/// Runs `turns` times 64 instructions that do nothing.
void ccr_run_instructions(long turns);

/// Runs `turns` times 120 multiply-adds of eight floats, in registers alone.
void ccr_run_multiply_adds(long turns);

#endif
