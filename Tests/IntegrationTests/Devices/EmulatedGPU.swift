import ComputeTestSupport
import Foundation
import JobTestSupport
import Testing

/// A GPU for one process: the emulated device of `Tests/Support/CUDA`, which counts what it is asked for.
struct EmulatedGPU {
    /// What the device saw, as it wrote it when the process ended.
    struct Report: Decodable {
        let calls: [String: Int]
        let launches, violations, liveObjects, allocationsAfterFirstLaunch: Int
    }

    private let report: URL
    private var settings: [String: String]

    /// An empty device; `settings` are those of `Tests/Support/CUDA/README.md`.
    init(_ settings: [String: String] = [:]) throws {
        report = FileManager.default.temporaryDirectory.appending(path: "embedding-job-gpu-\(UUID().uuidString)")
        self.settings = settings
        self.settings["EMBEDDING_CUDA_LIBRARIES"] = try CUDALibraryFolder.emulated()
        self.settings["FAKE_REPORT"] = report.path
    }

    /// What the process must be started with.
    var environment: [String: String] { settings }

    /// Lets the nth call of a function fail.
    func failing(_ function: String, _ nth: Int, _ code: Int) -> [String: String] {
        settings.merging(["FAKE_FAIL": "\(function):\(nth):\(code)"]) { $1 }
    }

    /// Nil if no process opened the device.
    func takeReport() throws -> Report? {
        guard let data = FileManager.default.contents(atPath: report.path) else { return nil }
        try FileManager.default.removeItem(at: report)
        return try JSONDecoder().decode(Report.self, from: data)
    }
}

extension BuiltExecutable.Outcome {
    /// The records of the log with a message.
    func records(_ message: String) throws -> [[String: String]] {
        try logRecords.filter { $0["message"] == message }
    }
}
