import ComputeTestSupport
import Foundation
import JobTestSupport
import Testing

/// A GPU that was asked for and cannot be used: one line that names what is wrong, 78, and nothing done.
@Suite("embedding-job, where its GPU cannot be used,", .timeLimit(.minutes(30)))
struct DeviceRefusalTests {
    private let job: BuiltExecutable

    init() throws {
        job = try BuiltExecutable()
        try job.write(#"{"text":"a b c"}"#, to: "texts.jsonl")
    }

    private func expectRefusal(
        _ environment: [String: String], naming mentions: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await job.run(
            [
                "encode", "--model", Fixtures.toyModel, "--input", "texts.jsonl", "--output", "vectors.npy", "--device",
                "cuda",
            ], environment: environment)
        #expect(outcome.exitStatus == 78, "\(outcome.standardError)", sourceLocation: sourceLocation)
        #expect(outcome.errorLines.count == 1, "\(outcome.standardError)", sourceLocation: sourceLocation)
        for mention in mentions {
            #expect(
                outcome.errorMessage.contains(mention), "\(mention): \(outcome.errorMessage)",
                sourceLocation: sourceLocation)
        }
        #expect(try job.files() == ["texts.jsonl"], sourceLocation: sourceLocation)
    }

    @Test(
        "says what the driver or the device lacks",
        arguments: [
            (["FAKE_DEVICES": "0"], ["CUDA_ERROR_NO_DEVICE (100)"]),
            (["FAKE_FAIL": "cuDeviceGetCount:1:100"], ["CUDA_ERROR_NO_DEVICE (100)"]),
            (["FAKE_STUB": "1"], ["CUDA_ERROR_STUB_LIBRARY (34)", "stub"]),
            (["FAKE_FAIL": "cuInit:1:803"], ["CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)", "restart"]),
            (["FAKE_CAPABILITY": "7.0"], ["Emulated device", "7.0", "7.5"]),
            (["FAKE_DRIVER_VERSION": "11080"], ["driver", "11.8", "12.0"]),
            (["FAKE_MEMORY": "1000000"], ["CUDA_ERROR_OUT_OF_MEMORY (2)", "free memory"]),
            (["FAKE_FAIL": "nvrtcCompileProgram:1:6"], ["NVRTC_ERROR_COMPILATION", "kernels.cu(1): error"]),
            (["FAKE_FAIL": "cuMemAlloc_v2:1:999,cuGetErrorName:1:1"], ["cuMemAlloc_v2", "999"]),
        ] as [([String: String], [String])])
    func device(settings: [String: String], mentions: [String]) async throws {
        try await expectRefusal(try EmulatedGPU(settings).environment, naming: mentions)
    }

    @Test("names the library that is not there")
    func noLibrary() async throws {
        try await expectRefusal([:], naming: ["libcuda.so.1 was not found", "--cuda-libraries"])
        try await withTemporaryFolder { folder in
            try CUDALibraryFolder.link("libcuda.so.1", in: folder.path)
            try await expectRefusal(
                ["EMBEDDING_CUDA_LIBRARIES": folder.path], naming: ["libnvrtc.so.13 or libnvrtc.so.12 was not found"])
            try CUDALibraryFolder.link("libnvrtc.so.12", in: folder.path)
            try await expectRefusal(
                ["EMBEDDING_CUDA_LIBRARIES": folder.path], naming: ["libcublas.so.13 or libcublas.so.12 was not found"])
        }
    }

    @Test("does not take a library of a later generation than the driver's")
    func olderDriver() async throws {
        let environment = try EmulatedGPU(["FAKE_DRIVER_VERSION": "12040"]).environment
        try await expectRefusal(environment, naming: ["libnvrtc.so.12 was not found"])
    }

    @Test("names a file that is no library, and a library that lacks a function")
    func wrongLibrary() async throws {
        try await withTemporaryFolder { folder in
            try folder.write("not a library", to: "libcuda.so.1")
            try await expectRefusal(
                ["EMBEDDING_CUDA_LIBRARIES": folder.path], naming: ["\(folder.path)/libcuda.so.1 cannot be opened"])
        }
        try await withTemporaryFolder { folder in
            let library = "/usr/lib/x86_64-linux-gnu/libutf8proc.so.2"
            try #require(FileManager.default.fileExists(atPath: library))
            try FileManager.default.createSymbolicLink(
                atPath: folder.path + "/libcuda.so.1", withDestinationPath: library)
            try await expectRefusal(
                ["EMBEDDING_CUDA_LIBRARIES": folder.path], naming: ["has no function cuInit", "libcuda.so.1"])
        }
    }

    @Test("refuses folders that are not there or have no whole path", arguments: ["/nowhere/at/all", "folder", "."])
    func folder(path: String) async throws {
        try await expectRefusal(["EMBEDDING_CUDA_LIBRARIES": path], naming: ["\"\(path)\"", "whole paths"])
    }

    @Test("never looks into the working folder")
    func workingFolder() async throws {
        try CUDALibraryFolder.link("libcuda.so.1", in: job.folder.path)
        let outcome = try await job.run(
            [
                "encode", "--model", Fixtures.toyModel, "--input", "texts.jsonl", "--output", "vectors.npy", "--device",
                "cuda",
            ], environment: ["EMBEDDING_CUDA_LIBRARIES": "::"])
        #expect(outcome.exitStatus == 78 && outcome.errorMessage.contains("libcuda.so.1 was not found"))
    }
}
