#pragma once

/**
 * @file
 * Refuses processors that the rest of the program cannot run on.
 *
 * On x86-64 the Swift code is compiled for x86-64-v3 (AVX2, FMA, BMI and F16C, as every Intel processor since Haswell
 * and every AMD processor since Excavator has them, some Atoms and virtual CPU models excepted). On an older one it
 * would end with SIGILL somewhere, without a word. This target is compiled for plain x86-64. It consists of one
 * constructor, which runs before `main` and before any Swift code of the executable. If something is missing, it writes
 * one line to the standard error, naming it, and ends the process with `PROCESSOR_GUARD_EXIT_STATUS`.
 *
 * There is nothing to call: linking the target is enough. On other architectures it does nothing.
 */

/** The exit status of a refusal: EX_CONFIG of sysexits.h. Trying again on the same machine cannot help. */
#define PROCESSOR_GUARD_EXIT_STATUS 78
