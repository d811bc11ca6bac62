#ifndef CCUDA_H
#define CCUDA_H

#include <stddef.h>

// The functions of three libraries of NVIDIA's that are used, as tables that are filled at run time: nothing is linked, and no
// header of theirs is needed. Types are those of their documentation with every handle a pointer, every enumeration an int and
// CUdeviceptr the integer that it is. Sources: CUDA Driver API, cuBLAS and NVRTC reference manuals, version 13.0.
//
// Each list has a line a function: result, name, parameters.

/// CUDA driver API: libcuda.so.1.
#define CCUDA_DRIVER_FUNCTIONS(FUNCTION)                                                                               \
    FUNCTION(int, cuInit, (unsigned flags))                                                                            \
    FUNCTION(int, cuDriverGetVersion, (int *version))                                                                  \
    FUNCTION(int, cuGetErrorName, (int error, const char **name))                                                      \
    FUNCTION(int, cuDeviceGetCount, (int *count))                                                                      \
    FUNCTION(int, cuDeviceGet, (int *device, int ordinal))                                                             \
    FUNCTION(int, cuDeviceGetName, (char *name, int length, int device))                                               \
    FUNCTION(int, cuDeviceGetAttribute, (int *value, int attribute, int device))                                       \
    FUNCTION(int, cuDevicePrimaryCtxRetain, (void **context, int device))                                              \
    FUNCTION(int, cuDevicePrimaryCtxRelease_v2, (int device))                                                          \
    FUNCTION(int, cuCtxSetCurrent, (void *context))                                                                    \
    FUNCTION(int, cuMemGetInfo_v2, (size_t *free, size_t *total))                                                      \
    FUNCTION(int, cuMemAlloc_v2, (unsigned long long *address, size_t bytes))                                          \
    FUNCTION(int, cuMemFree_v2, (unsigned long long address))                                                          \
    FUNCTION(int, cuMemHostAlloc, (void **address, size_t bytes, unsigned flags))                                      \
    FUNCTION(int, cuMemFreeHost, (void *address))                                                                      \
    FUNCTION(int, cuMemcpyHtoDAsync_v2,                                                                                \
        (unsigned long long target, const void *source, size_t bytes, void *stream))                                   \
    FUNCTION(int, cuMemcpyDtoHAsync_v2, (void *target, unsigned long long source, size_t bytes, void *stream))         \
    FUNCTION(int, cuModuleLoadDataEx,                                                                                  \
        (void **module, const void *image, unsigned optionCount, int *options, void **values))                         \
    FUNCTION(int, cuModuleUnload, (void *module))                                                                      \
    FUNCTION(int, cuModuleGetFunction, (void **function, void *module, const char *name))                              \
    FUNCTION(int, cuLaunchKernel,                                                                                      \
        (void *function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,             \
         unsigned blockZ, unsigned sharedBytes, void *stream, void **parameters, void **extra))                        \
    FUNCTION(int, cuStreamCreate, (void **stream, unsigned flags))                                                     \
    FUNCTION(int, cuStreamDestroy_v2, (void *stream))                                                                  \
    FUNCTION(int, cuStreamSynchronize, (void *stream))

/// cuBLAS: libcublas.so.
#define CCUDA_BLAS_FUNCTIONS(FUNCTION)                                                                                 \
    FUNCTION(int, cublasCreate_v2, (void **handle))                                                                    \
    FUNCTION(int, cublasDestroy_v2, (void *handle))                                                                    \
    FUNCTION(int, cublasSetStream_v2, (void *handle, void *stream))                                                    \
    FUNCTION(int, cublasSetWorkspace_v2, (void *handle, unsigned long long workspace, size_t bytes))                   \
    FUNCTION(int, cublasGetVersion_v2, (void *handle, int *version))                                                   \
    FUNCTION(int, cublasGemmEx,                                                                                        \
        (void *handle, int transposeA, int transposeB, int m, int n, int k, const void *alpha, unsigned long long a,   \
         int typeA, int lda, unsigned long long b, int typeB, int ldb, const void *beta, unsigned long long c,         \
         int typeC, int ldc, int computeType, int algorithm))                                                          \
    FUNCTION(const char *, cublasGetStatusString, (int status))

/// NVRTC, the compiler: libnvrtc.so.
#define CCUDA_COMPILER_FUNCTIONS(FUNCTION)                                                                             \
    FUNCTION(int, nvrtcVersion, (int *major, int *minor))                                                              \
    FUNCTION(int, nvrtcCreateProgram,                                                                                  \
        (void **program, const char *source, const char *name, int headerCount, const char *const *headers,            \
         const char *const *includeNames))                                                                             \
    FUNCTION(int, nvrtcCompileProgram, (void *program, int optionCount, const char *const *options))                   \
    FUNCTION(int, nvrtcGetProgramLogSize, (void *program, size_t *bytes))                                              \
    FUNCTION(int, nvrtcGetProgramLog, (void *program, char *log))                                                      \
    FUNCTION(int, nvrtcGetCUBINSize, (void *program, size_t *bytes))                                                   \
    FUNCTION(int, nvrtcGetCUBIN, (void *program, char *cubin))                                                         \
    FUNCTION(int, nvrtcDestroyProgram, (void **program))                                                               \
    FUNCTION(const char *, nvrtcGetErrorString, (int result))

#define CCUDA_FIELD(RESULT, NAME, PARAMETERS) RESULT(*NAME) PARAMETERS;
struct ccuda_driver { CCUDA_DRIVER_FUNCTIONS(CCUDA_FIELD) };
struct ccuda_blas { CCUDA_BLAS_FUNCTIONS(CCUDA_FIELD) };
struct ccuda_compiler { CCUDA_COMPILER_FUNCTIONS(CCUDA_FIELD) };
#undef CCUDA_FIELD

#ifdef __cplusplus
extern "C" {
#endif

// Each fills a table from a library that dlopen has opened, and returns the name of the first symbol that it lacks, or NULL.
const char *ccuda_load_driver(void *library, struct ccuda_driver *table);
const char *ccuda_load_blas(void *library, struct ccuda_blas *table);
const char *ccuda_load_compiler(void *library, struct ccuda_compiler *table);

#ifdef __cplusplus
}
#endif

// Constants, by their names there.
enum {
    CCUDA_ERROR_OUT_OF_MEMORY = 2,
    CCUDA_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
    CCUDA_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
    CCUDA_STREAM_NON_BLOCKING = 1,
    CCUDA_R_32F = 0,
    CCUDA_R_16F = 2,
    CCUDA_BLAS_STATUS_ALLOC_FAILED = 3,
    CCUDA_BLAS_COMPUTE_32F = 68,
    CCUDA_BLAS_COMPUTE_32F_PEDANTIC = 69,
    CCUDA_BLAS_GEMM_DEFAULT = -1,
    CCUDA_BLAS_OP_N = 0,
    CCUDA_BLAS_OP_T = 1,
};

#endif
