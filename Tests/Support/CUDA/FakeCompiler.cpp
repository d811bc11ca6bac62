// libnvrtc.so: compiles nothing, but asks for what the compiler asks for, and gives what the fake driver loads.
#include <cctype>
#include <cstring>

#include "FakeDevice.hpp"

using namespace fake;

namespace {

enum Result : int {
    outOfMemoryResult = 1,
    invalidInput = 3,
    invalidProgram = 4,
    invalidOption = 5,
    compilationFailed = 6,
};

struct Program {
    std::string source, name, log, cubin;
};

Program *live(Device &device, void *program) {
    return device.programs.count(program) == 0 ? nullptr : static_cast<Program *>(program);
}

}  // namespace

EXPORTED int nvrtcVersion(int *major, int *minor) {
    ENTER(nvrtcVersion);
    *major = 13;
    *minor = 0;
    return success;
}

EXPORTED int nvrtcCreateProgram(
    void **program, const char *source, const char *name, int headerCount, const char *const *headers,
    const char *const *includeNames) {
    ENTER(nvrtcCreateProgram);
    if (program == nullptr || source == nullptr || headerCount < 0) return invalidInput;
    if (headerCount > 0 && (headers == nullptr || includeNames == nullptr)) return invalidInput;
    Program *const made = new Program{source, name == nullptr ? "default_program" : name, "", ""};
    device.programs.insert(made);
    *program = made;
    return success;
}

EXPORTED int nvrtcCompileProgram(void *program, int optionCount, const char *const *options) {
    fake::Device &device = fake::device();
    const std::lock_guard<std::recursive_mutex> lock(device.mutex);
    Program *const known = live(device, program);
    if (const int failure = enter("nvrtcCompileProgram")) {
        if (known != nullptr) known->log = known->name + "(1): error: emulated\n";
        return failure;
    }
    if (known == nullptr) return invalidProgram;
    std::string architecture;
    bool half = false;
    for (int i = 0; i < optionCount; i += 1) {
        static const char prefix[] = "--gpu-architecture=sm_";
        const std::string option = options[i];
        if (option.compare(0, sizeof prefix - 1, prefix) == 0) {
            architecture = option.substr(sizeof prefix - 1);
        } else if (option == "-DHALF_STORAGE") {
            half = true;
        } else {
            known->log = "nvrtc: error: invalid value for '" + option + "'\n";
            return invalidOption;
        }
    }
    const bool digits = !architecture.empty() && architecture.find_first_not_of("0123456789") == std::string::npos;
    if (!digits) {
        known->log = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n";
        return invalidOption;
    }
    if (known->source.find("attention_32") == std::string::npos) {
        known->log = known->name + "(1): error: the kernels are missing\n";
        return compilationFailed;
    }
    known->log.clear();
    known->cubin = "emulated cubin sm_" + architecture + (half ? " float16\n" : " float32\n");
    return success;
}

EXPORTED int nvrtcGetProgramLogSize(void *program, size_t *bytes) {
    ENTER(nvrtcGetProgramLogSize);
    const Program *const known = live(device, program);
    if (known == nullptr) return invalidProgram;
    *bytes = known->log.size() + 1;
    return success;
}

EXPORTED int nvrtcGetProgramLog(void *program, char *log) {
    ENTER(nvrtcGetProgramLog);
    const Program *const known = live(device, program);
    if (known == nullptr) return invalidProgram;
    std::memcpy(log, known->log.c_str(), known->log.size() + 1);
    return success;
}

EXPORTED int nvrtcGetCUBINSize(void *program, size_t *bytes) {
    ENTER(nvrtcGetCUBINSize);
    const Program *const known = live(device, program);
    if (known == nullptr) return invalidProgram;
    *bytes = known->cubin.empty() ? 0 : known->cubin.size() + 1;
    return success;
}

EXPORTED int nvrtcGetCUBIN(void *program, char *cubin) {
    ENTER(nvrtcGetCUBIN);
    const Program *const known = live(device, program);
    if (known == nullptr || known->cubin.empty()) return invalidProgram;
    std::memcpy(cubin, known->cubin.c_str(), known->cubin.size() + 1);
    return success;
}

EXPORTED int nvrtcDestroyProgram(void **program) {
    ENTER(nvrtcDestroyProgram);
    Program *const known = program == nullptr ? nullptr : live(device, *program);
    if (known == nullptr) return invalidProgram;
    device.programs.erase(known);
    delete known;
    *program = nullptr;
    return success;
}

EXPORTED const char *nvrtcGetErrorString(int result) {
    const std::lock_guard<std::recursive_mutex> lock(fake::device().mutex);
    enter("nvrtcGetErrorString");
    static const char *const names[] = {
        "NVRTC_SUCCESS",
        "NVRTC_ERROR_OUT_OF_MEMORY",
        "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
        "NVRTC_ERROR_INVALID_INPUT",
        "NVRTC_ERROR_INVALID_PROGRAM",
        "NVRTC_ERROR_INVALID_OPTION",
        "NVRTC_ERROR_COMPILATION",
        "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE",
        "NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION",
        "NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION",
        "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID",
        "NVRTC_ERROR_INTERNAL_ERROR",
        "NVRTC_ERROR_TIME_FILE_WRITE_FAILED",
    };
    const bool known = result >= 0 && size_t(result) < sizeof names / sizeof *names;
    return known ? names[result] : "NVRTC_ERROR unknown";
}
