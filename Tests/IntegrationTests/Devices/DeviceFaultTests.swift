import ComputeTestSupport
import Foundation
import JobTestSupport
import Testing

/// Each function of NVIDIA's libraries that is called fails at its first, its second and its last call.
@Suite("embedding-job, where a call to the GPU fails,", .timeLimit(.minutes(30)))
struct DeviceFaultTests {
    /// What is called when everything is over: nothing more can go wrong, and nobody waits for it.
    private static let partings: Set = [
        "cuMemFree_v2", "cuMemFreeHost", "cuModuleUnload", "cuStreamDestroy_v2", "cuDevicePrimaryCtxRelease_v2",
        "cublasDestroy_v2", "nvrtcDestroyProgram",
    ]
    /// What is also called then, last of all.
    private static let alsoPartings: Set = ["cuCtxSetCurrent", "cuStreamSynchronize"]
    private let job: BuiltExecutable

    init() throws {
        job = try BuiltExecutable()
        try job.write((0..<6).map { #"{"text":"a b \#($0)"}"# }.joined(separator: "\n"), to: "texts.jsonl")
    }

    /// In batches of two, so that calls of the second batch fail too.
    private func encode(
        _ environment: [String: String]
    ) async throws -> (outcome: BuiltExecutable.Outcome, hasOutput: Bool) {
        let name = "\(UUID().uuidString).npy"
        let outcome = try await job.run(
            [
                "encode", "--model", Fixtures.toyModel, "--input", "texts.jsonl", "--output", name, "--device", "cuda",
                "--batch-size", "2",
            ], environment: environment)
        return (outcome, try job.files().contains(name))
    }

    @Test("says so in one line that names the function, and writes nothing", arguments: ["first", "second", "last"])
    func everyCall(which: String) async throws {
        let gpu = try EmulatedGPU()
        #expect(try await encode(gpu.environment).outcome.exitStatus == 0)
        let counts = try #require(try gpu.takeReport()).calls.filter { $0.value > 0 && !Self.partings.contains($0.key) }
        #expect(counts.count >= 25, "\(counts.keys.sorted())")
        try await withThrowingTaskGroup { group in
            for (function, count) in counts where which != "second" || count >= 2 {
                let nth = which == "first" ? 1 : which == "second" ? 2 : count
                group.addTask { try await expectFailure(of: function, nth, isLast: nth == count && count > 2) }
            }
            try await group.waitForAll()
        }
    }

    private func expectFailure(of function: String, _ nth: Int, isLast: Bool) async throws {
        let gpu = try EmulatedGPU()
        let (code, name) =
            function.hasPrefix("nvrtc")
            ? (6, "NVRTC_ERROR_COMPILATION")
            : function.hasPrefix("cublas") ? (14, "CUBLAS_STATUS_INTERNAL_ERROR") : (999, "CUDA_ERROR_UNKNOWN")
        let (outcome, hasOutput) = try await encode(gpu.failing(function, nth, code))
        let call = "\(function), call \(nth): \(outcome.standardError)"
        #expect(try #require(try gpu.takeReport()).violations == 0, "\(call)")
        if isLast, Self.alsoPartings.contains(function) {
            #expect(outcome.exitStatus == 0 && hasOutput, "\(call)")
        } else {
            #expect(outcome.exitStatus == 78 || outcome.exitStatus == 70, "\(call)")
            #expect(outcome.errorLines.count == 1 && !hasOutput, "\(call)")
            #expect(outcome.errorMessage.contains(function) && outcome.errorMessage.contains(name), "\(call)")
        }
    }

    @Test("ends as it would have when only what is over fails", arguments: [1, 2])
    func partings(nth: Int) async throws {
        for function in Self.partings.sorted() where function != "nvrtcDestroyProgram" || nth == 1 {
            let (outcome, hasOutput) = try await encode(
                try EmulatedGPU().failing(function, nth, function.hasPrefix("nvrtc") ? 7 : 999))
            #expect(outcome.exitStatus == 0 && hasOutput, "\(function): \(outcome.standardError)")
        }
    }
}
