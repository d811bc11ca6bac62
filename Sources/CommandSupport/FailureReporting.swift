public import ArgumentParser
import DatasetTable
import Logging

/// A failure of a command that is none of a run: one sentence, and an exit status of its own.
public protocol CommandFailure: Error, CustomStringConvertible {
    /// A code of `sysexits.h`.
    var exitCode: Int32 { get }
}

extension ParsableCommand {
    /// Runs a command's body; a failure becomes one line on standard error and the exit status of its kind.
    public static func reportingFailures(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as any CommandFailure {
            Logger.standardError().error("\(error.description)")
            throw ExitCode(error.exitCode)
        } catch {
            let failure = RunFailure(error)
            Logger.standardError().error("\(failure.description)")
            throw ExitCode(failure.reason.exitCode)
        }
    }
}
