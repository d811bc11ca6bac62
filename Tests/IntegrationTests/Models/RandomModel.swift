import ComputeTestSupport
import Foundation
import JobTestSupport
import Testing

/// A model that `Scripts/random-model` makes after the pattern of the toy.
struct RandomModel {
    /// Its folder.
    let path: String

    /// Makes one in the working directory of an executable.
    init(in job: BuiltExecutable, named name: String, _ arguments: [String]) async throws {
        path = job.folder.appending(path: name).path
        let outcome = try await Script.run(
            Fixtures.repositoryPath("Scripts/random-model"), [Fixtures.toyModel, path] + arguments, in: job.folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
    }
}
