internal import CPUCompute
public import SentenceEncoding
public import Testing

internal import Compute
internal import Foundation

/// Where the tests' files lie, found from the place of this source file.
public enum Fixtures {
    private static let sourceFile = URL(filePath: #filePath)
    private static let repository = sourceFile.appending(path: "../../../..").standardized

    /// The path of a file of the repository.
    public static func repositoryPath(_ name: String) -> String { repository.appending(path: name).path }

    /// The path of a file written by `Scripts/make-goldens.py`.
    public static func path(_ name: String) -> String {
        sourceFile.deletingLastPathComponent().appending(path: "Fixtures/\(name)").path
    }

    /// A two-layer model with random weights, small enough for the repository; `expected.safetensors` has its stages.
    public static var toyModel: String { path("toy") }

    /// The encoder of the toy model.
    ///
    /// Its vocabulary is the letters a to j, the digits and a few words; everything else is one unknown token.
    public static func toyEncoder() throws -> some TextEncoder {
        try SentenceEncoder(model: ModelFolder(path: toyModel), backend: CPUBackend(workerCount: 1))
    }

    /// The folder of all-MiniLM-L6-v2, whose weights are fetched and not part of the repository.
    public static var realModel: String {
        repositoryPath("weights/all-MiniLM-L6-v2")
    }

    /// Whether the weights have been fetched.
    public static var hasRealModel: Bool {
        FileManager.default.fileExists(atPath: realModel + "/model.safetensors")
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test, visibly, where the weights of the real model have not been fetched.
    public static var requiresWeights: Self {
        .enabled(if: Fixtures.hasRealModel, "run Scripts/fetch-weights")
    }
}
