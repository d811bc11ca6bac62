#include "CCUDA.h"

#include <dlfcn.h>

// A data pointer becomes a function pointer, as POSIX demands of what dlsym returns.
#define FILL(RESULT, NAME, PARAMETERS)                                                                                 \
    table->NAME = (RESULT(*) PARAMETERS)dlsym(library, #NAME);                                                         \
    if (table->NAME == NULL) return #NAME;

const char *ccuda_load_driver(void *library, struct ccuda_driver *table) {
    CCUDA_DRIVER_FUNCTIONS(FILL)
    return NULL;
}

const char *ccuda_load_blas(void *library, struct ccuda_blas *table) {
    CCUDA_BLAS_FUNCTIONS(FILL)
    return NULL;
}

const char *ccuda_load_compiler(void *library, struct ccuda_compiler *table) {
    CCUDA_COMPILER_FUNCTIONS(FILL)
    return NULL;
}
