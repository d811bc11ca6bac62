#include "ProcessorGuard.h"

#if defined(__x86_64__)

#if defined(__AVX__)
#error "ProcessorGuard must itself run on every x86-64 processor: compile it without -march"
#endif

#include <string.h>
#include <unistd.h>

// __builtin_cpu_supports takes literals only. It also asks whether the operating system saves the wide registers.
#define APPEND_IF_MISSING(feature)                                                                                     \
    if (!__builtin_cpu_supports(feature)) append(&line, " " feature)

struct line {
    char text[512];
    size_t length;
};

static void append(struct line *line, const char *text) {
    const size_t room = sizeof line->text - line->length;
    const size_t wanted = strlen(text);
    const size_t length = wanted < room ? wanted : room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

// 101 is the first priority that is not reserved: before all constructors without one.
__attribute__((constructor(101))) static void refuse_unsupported_processor(void) {
    struct line line = {.length = 0};
    append(&line, "embedding-job: this build needs an x86-64-v3 processor, and this one lacks");
    const size_t prefix = line.length;

    __builtin_cpu_init();
    // What x86-64-v3 adds to x86-64-v2, but for OSXSAVE, which AVX implies.
    APPEND_IF_MISSING("avx");
    APPEND_IF_MISSING("avx2");
    APPEND_IF_MISSING("bmi");
    APPEND_IF_MISSING("bmi2");
    APPEND_IF_MISSING("f16c");
    APPEND_IF_MISSING("fma");
    APPEND_IF_MISSING("lzcnt");
    APPEND_IF_MISSING("movbe");
    if (line.length == prefix) return;

    append(&line, ". Run it on Intel Haswell, AMD Excavator or newer; in a virtual machine, pass the host's CPU model "
                  "through.\n");
    // The process ends either way; a closed standard error changes nothing.
    (void)!write(STDERR_FILENO, line.text, line.length);
    _exit(PROCESSOR_GUARD_EXIT_STATUS);
}

#endif
