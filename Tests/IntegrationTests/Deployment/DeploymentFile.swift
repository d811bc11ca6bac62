import Foundation

/// The files of the repository that deploy the executables, and these.
enum DeploymentFile {
    struct Outcome {
        let exitStatus: CInt
        let output: String
        let errors: String
    }

    private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

    /// The text of a file of the repository; empty if there is none, which no check accepts.
    static func text(_ path: String) -> String {
        (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
    }

    /// The names of what is in a folder of the repository, in order; none if there is no such folder.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? []).sorted()
    }

    /// The job's executable.
    static var executable: String { executable("embedding-job") }

    /// An executable, which the build puts beside the test bundle.
    static func executable(_ name: String) -> String {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: name).path
    }

    /// Runs the executable with nothing but the environment given, in a folder without a file `.env`.
    static func job(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        try run(executable, arguments, environment: environment)
    }

    /// Runs the service's executable in the same way.
    static func server(_ arguments: [String]) throws -> Outcome {
        try run(executable("catalog-server"), arguments, environment: [:])
    }

    /// Runs the executable that asks sources in the same way.
    static func fetcher(_ arguments: [String]) throws -> Outcome {
        try run(executable("catalog-fetch"), arguments, environment: [:])
    }

    /// Runs a program of the system, found on `PATH`.
    static func tool(_ arguments: [String]) throws -> Outcome {
        try run("/usr/bin/env", arguments, environment: ProcessInfo.processInfo.environment)
    }

    private static func run(_ path: String, _ arguments: [String], environment: [String: String]) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = URL(filePath: "/")
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Errors are a few lines, far less than a pipe's buffer, so one can be read after the other.
        let outputText = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let errorText = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let exitStatus = process.terminationReason == .exit ? process.terminationStatus : -1
        return Outcome(exitStatus: exitStatus, output: outputText, errors: errorText)
    }
}
