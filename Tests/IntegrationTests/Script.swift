import Foundation
import PostgresTestSupport

/// A program of the repository, or a shell with a script of a test's.
enum Script {
    /// Runs a program to its end.
    ///
    /// - Returns: Its exit status and what it has written to standard error.
    static func run(
        _ program: String, _ arguments: [String], in folder: URL
    ) async throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let log = folder.appending(path: "script-\(UUID().uuidString).log")
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        try await process.runToEnd()
        return (process.terminationStatus, try String(contentsOf: log, encoding: .utf8))
    }
}
