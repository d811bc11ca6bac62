// libcublas.so: products of matrices by OpenBLAS, with float16 rounded where a GPU rounds it.
#include <cblas.h>

#include <algorithm>
#include <cstring>

#include "FakeDevice.hpp"
#include "Half.hpp"

using namespace fake;

namespace {

enum Status : int {
    notInitializedStatus = 1,
    invalidValueStatus = 7,
    executionFailed = 13,
    notSupported = 15,
};

enum Type : int { float32 = 0, float16 = 2 };
constexpr int compute32F = 68, compute32FPedantic = 69;

struct Handle {
    void *stream = nullptr;
    unsigned long long workspace = 0;
    size_t workspaceBytes = 0;
};

// A matrix by columns.
struct Operand {
    const char *name;
    unsigned long long address;
    int type, rows, columns, leading;

    size_t count() const { return size_t(columns - 1) * size_t(leading) + size_t(rows); }
    size_t bytes() const { return count() * (type == float16 ? 2 : 4); }

    // As float32, without the gaps between columns where it is converted.
    const float *values(std::vector<float> &converted, int &stride) const {
        const void *const host = host_address(address);
        stride = leading;
        if (type == float32) return static_cast<const float *>(host);
        stride = rows;
        converted.resize(size_t(rows) * size_t(columns));
        const auto *halves = static_cast<const std::uint16_t *>(host);
        for (int column = 0; column < columns; column += 1) {
            const std::uint16_t *source = halves + size_t(column) * size_t(leading);
            float *target = converted.data() + size_t(column) * size_t(rows);
            for (int row = 0; row < rows; row += 1) target[row] = to_float(source[row]);
        }
        return converted.data();
    }
};

void multiply(
    bool transposeA, bool transposeB, int m, int n, int k, float alpha, const Operand &a, const Operand &b, float beta,
    const Operand &c) {
    std::vector<float> convertedA, convertedB, convertedC;
    int strideA, strideB, strideC = c.leading;
    const float *const valuesA = a.values(convertedA, strideA), *const valuesB = b.values(convertedB, strideB);
    float *result = static_cast<float *>(host_address(c.address));
    if (c.type == float16) {
        strideC = m;
        if (beta != 0) {
            c.values(convertedC, strideC);
        } else {
            convertedC.resize(size_t(m) * size_t(n));
        }
        result = convertedC.data();
    }
    cblas_sgemm(
        CblasColMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, m, n, k, alpha,
        valuesA, strideA, valuesB, strideB, beta, result, strideC);
    if (c.type != float16) return;
    auto *halves = static_cast<std::uint16_t *>(host_address(c.address));
    for (int column = 0; column < n; column += 1) {
        std::uint16_t *target = halves + size_t(column) * size_t(c.leading);
        const float *source = result + size_t(column) * size_t(m);
        for (int row = 0; row < m; row += 1) target[row] = to_half(source[row]);
    }
}

Handle *live(Device &device, void *handle) {
    return device.handles.count(handle) == 0 ? nullptr : static_cast<Handle *>(handle);
}

}  // namespace

EXPORTED int cublasCreate_v2(void **handle) {
    ENTER(cublasCreate_v2);
    if (!device.initialized || !has_context() || device.sticky != success) return notInitializedStatus;
    openblas_set_num_threads(1);
    Handle *const made = new Handle;
    device.handles.insert(made);
    *handle = made;
    return success;
}

EXPORTED int cublasDestroy_v2(void *handle) {
    ENTER(cublasDestroy_v2);
    Handle *const known = live(device, handle);
    if (known == nullptr) return notInitializedStatus;
    device.handles.erase(known);
    delete known;
    return success;
}

EXPORTED int cublasSetStream_v2(void *handle, void *stream) {
    ENTER(cublasSetStream_v2);
    Handle *const known = live(device, handle);
    if (known == nullptr) return notInitializedStatus;
    if (device.stream(stream) == nullptr) return invalidValueStatus;
    // The workspace goes back to that of the library with it.
    *known = Handle{stream, 0, 0};
    return success;
}

EXPORTED int cublasSetWorkspace_v2(void *handle, unsigned long long workspace, size_t bytes) {
    ENTER(cublasSetWorkspace_v2);
    Handle *const known = live(device, handle);
    if (known == nullptr) return notInitializedStatus;
    if (bytes != 0 && device.find_device(workspace, bytes) == nullptr) {
        device.violation("cublasSetWorkspace_v2: %zu bytes at 0x%llx are in no live allocation", bytes, workspace);
        return invalidValueStatus;
    }
    known->workspace = bytes == 0 ? 0 : workspace;
    known->workspaceBytes = bytes;
    return success;
}

EXPORTED int cublasGetVersion_v2(void *handle, int *version) {
    ENTER(cublasGetVersion_v2);
    if (live(device, handle) == nullptr) return notInitializedStatus;
    *version = 130000;
    return success;
}

EXPORTED int cublasGemmEx(
    void *handle, int transposeA, int transposeB, int m, int n, int k, const void *alpha, unsigned long long addressA,
    int typeA, int lda, unsigned long long addressB, int typeB, int ldb, const void *beta, unsigned long long addressC,
    int typeC, int ldc, int computeType, int algorithm) {
    ENTER(cublasGemmEx);
    Handle *const known = live(device, handle);
    if (known == nullptr) return notInitializedStatus;
    if (!has_context() || device.sticky != success) return executionFailed;
    if ((transposeA != 0 && transposeA != 1) || (transposeB != 0 && transposeB != 1)) return invalidValueStatus;
    if (m < 0 || n < 0 || k < 0 || alpha == nullptr || beta == nullptr || algorithm != -1) return invalidValueStatus;
    const Operand a{"A", addressA, typeA, transposeA ? k : m, transposeA ? m : k, lda};
    const Operand b{"B", addressB, typeB, transposeB ? n : k, transposeB ? k : n, ldb};
    const Operand c{"C", addressC, typeC, m, n, ldc};
    for (const Operand &operand : {a, b, c}) {
        if (operand.type != float32 && operand.type != float16) return notSupported;
        if (operand.leading < std::max(1, operand.rows)) return invalidValueStatus;
    }
    if (computeType != compute32F && computeType != compute32FPedantic) return notSupported;
    if (typeA != typeB || (typeC != typeA && typeC != float32)) return notSupported;
    // The job has float32 without TensorFloat-32, or float16; a mixture of both is a mistake of its.
    if (computeType == compute32FPedantic && (typeA != float32 || typeC != float32)) return notSupported;
    if (m == 0 || n == 0) return success;

    Stream *const stream = device.stream(known->stream);
    if (stream == nullptr) {
        device.violation("cublasGemmEx: stream %p does not exist", known->stream);
        return executionFailed;
    }
    std::vector<const void *> uses;
    for (const Operand &operand : {a, b, c}) {
        if (operand.rows == 0 || operand.columns == 0) continue;
        const Allocation *const allocation = device.find_device(operand.address, operand.bytes());
        if (allocation == nullptr) {
            device.violation(
                "cublasGemmEx: %s, %d x %d with %d between columns at 0x%llx, is in no live allocation", operand.name,
                operand.rows, operand.columns, operand.leading, operand.address);
            return executionFailed;
        }
        uses.push_back(allocation->start);
    }
    device.gemms += 1;
    if (known->workspace == 0) {
        device.gemmsWithoutWorkspace += 1;
    } else if (const Allocation *workspace = device.find_device(known->workspace, known->workspaceBytes)) {
        uses.push_back(workspace->start);
    } else {
        device.violation("cublasGemmEx: the workspace at 0x%llx has been freed", known->workspace);
        return executionFailed;
    }
    float scale, kept;
    std::memcpy(&scale, alpha, sizeof scale);
    scale *= 1 + float(setting("FAKE_ERROR", 0)) / 100;
    std::memcpy(&kept, beta, sizeof kept);
    device.enqueue(stream, "cublasGemmEx", std::move(uses), [=] {
        multiply(transposeA == 1, transposeB == 1, m, n, k, scale, a, b, kept, c);
    });
    return success;
}

EXPORTED const char *cublasGetStatusString(int status) {
    const std::lock_guard<std::recursive_mutex> lock(fake::device().mutex);
    enter("cublasGetStatusString");
    switch (status) {
    case 0: return "CUBLAS_STATUS_SUCCESS";
    case 1: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case 3: return "CUBLAS_STATUS_ALLOC_FAILED";
    case 7: return "CUBLAS_STATUS_INVALID_VALUE";
    case 8: return "CUBLAS_STATUS_ARCH_MISMATCH";
    case 11: return "CUBLAS_STATUS_MAPPING_ERROR";
    case 13: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case 14: return "CUBLAS_STATUS_INTERNAL_ERROR";
    case 15: return "CUBLAS_STATUS_NOT_SUPPORTED";
    case 16: return "CUBLAS_STATUS_LICENSE_ERROR";
    default: return "<unknown>";
    }
}
