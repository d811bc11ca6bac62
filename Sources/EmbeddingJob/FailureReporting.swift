import ArgumentParser
import BatchJob
import Logging

extension ParsableCommand {
    /// Runs a command's body; a failure becomes one line on standard error and the exit status of its kind.
    static func reportingFailures(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as InputError {
            Logger.standardError().error("\(error.description)")
            throw ExitCode(InputError.exitCode)
        } catch {
            let failure = RunFailure(error)
            Logger.standardError().error("\(failure.description)")
            throw ExitCode(failure.reason.exitCode)
        }
    }
}
