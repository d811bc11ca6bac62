public import Foundation
public import Testing

internal import Glibc

/// A PostgreSQL server of a test's own, which the test may stop, kill and starve.
///
/// It listens on a Unix socket in its folder and nowhere else, and lets everybody in. Durability is on, unlike in the
/// server that tests share: what it has acknowledged survives ``StopMode/immediate``.
public final class PrivateServer: Sendable {
    /// How `pg_ctl` ends a server.
    public enum StopMode: String, Sendable, CaseIterable {
        /// Sessions are ended, then the server shuts down.
        case fast
        /// The server ends at once, as in a crash, and recovers when it starts again.
        case immediate
    }

    /// The environment variable that names the folder of `initdb`, `pg_ctl` and the others.
    static let environmentVariable = "EMBEDDING_TEST_POSTGRES_BIN"

    /// The folder with the cluster, the socket and the log.
    public let folder: URL
    /// The superuser's URL.
    public let url: String

    private let programs: URL

    /// Makes a server that is not started yet.
    ///
    /// - Parameter parent: Where its folder is made; beside the ``SharedCluster`` or in the temporary folder if nil.
    public init(in parent: URL? = nil) throws {
        let path = try #require(ProcessInfo.processInfo.environment[Self.environmentVariable])
        programs = URL(filePath: path)
        // Short, because the path of a Unix socket has 107 bytes at most.
        folder = (parent ?? SharedCluster.template?.parent ?? FileManager.default.temporaryDirectory)
            .appending(path: "embedding-job-pg-\(UUID().uuidString.prefix(8))")
        url = "postgresql://postgres@localhost/postgres?host=\(folder.path)"
        try Self.makeFolder(folder)
    }

    /// Where its folder is.
    var parent: URL { folder.deletingLastPathComponent() }

    /// Makes an empty folder that belongs to the user that servers run as.
    public static func makeFolder(_ folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        if isRoot { try FileManager.default.setAttributes([.ownerAccountName: "nobody"], ofItemAtPath: folder.path) }
    }

    /// Makes an empty cluster.
    ///
    /// - Parameter arguments: More of `initdb`'s.
    public func initialize(_ arguments: [String] = []) async throws {
        if arguments.isEmpty, let template = SharedCluster.template {
            return try await run(command: ["cp", "--archive", template.data.path, data.path])
        }
        let usual = [
            "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
        ]
        try await run(command: [program("initdb")] + usual + arguments)
    }

    /// Makes a copy of a running server, which follows it until ``promote()``.
    public func initialize(asStandbyOf primary: PrivateServer) async throws {
        try await run(
            "pg_basebackup", "--host=\(primary.folder.path)", "--username=postgres", "--pgdata=\(data.path)",
            "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
    }

    /// Makes a standby a primary and waits until it is one.
    public func promote() async throws {
        try await run("pg_ctl", "promote", "--silent", "--wait", "--timeout=60")
    }

    /// Starts the server and waits until it takes connections.
    ///
    /// - Parameter options: More of its settings, each `name=value` without blanks.
    public func start(_ options: [String] = []) async throws {
        let settings = [
            "listen_addresses=''", "unix_socket_directories='\(folder.path)'", "shared_buffers=16MB",
            // One system call in the place of a thousand at the start after a crash: 0.3 seconds rather than 4.
            "recovery_init_sync_method=syncfs",
        ]
        let words = (settings + options).map { "-c \($0)" }.joined(separator: " ")
        try await run(
            "pg_ctl", "start", "--silent", "--wait", "--timeout=60", "--log=\(log.path)", "--options=\(words)")
    }

    /// Ends the server and waits for its end.
    public func stop(_ mode: StopMode = .fast) async throws {
        try await run("pg_ctl", "stop", "--silent", "--wait", "--timeout=60", "--mode=\(mode.rawValue)")
    }

    /// Ends the server, if it runs, and starts it again with the options it has.
    public func restart(_ mode: StopMode) async throws {
        try await run(
            "pg_ctl", "restart", "--silent", "--wait", "--timeout=60", "--log=\(log.path)", "--mode=\(mode.rawValue)")
    }

    /// Ends the server if it runs and deletes everything.
    public func destroy() async throws {
        try? await stop(.immediate)
        try FileManager.default.removeItem(at: folder)
    }

    /// The server's own messages.
    public var log: URL { folder.appending(path: "server.log") }

    private var data: URL { folder.appending(path: "data") }

    /// Runs one of PostgreSQL's programs as the server's user, on this cluster.
    public func run(_ program: String, _ arguments: String...) async throws {
        try await run(command: [self.program(program)] + arguments)
    }

    private func program(_ name: String) -> String { programs.appending(path: name).path }

    private func run(command: [String]) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", Self.closingDescriptors, "bash"] + (Self.isRoot ? Self.asNobody : []) + command
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "PGDATA": data.path, "LC_ALL": "C",
        ]
        // The server's user may not enter every folder.
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        // A file, because a server that starts would hold a pipe open.
        let errors = FileManager.default.temporaryDirectory.appending(path: "embedding-job-\(UUID().uuidString)")
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.standardError = try FileHandle(forWritingTo: errors)
        try await process.runToEnd()
        guard process.terminationStatus == 0 else {
            throw Failure(program: command[0], message: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
        }
    }

    /// PostgreSQL refuses to run as root.
    private static var isRoot: Bool { geteuid() == 0 }
    private static let asNobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]

    /// Runs a command without the descriptor by which Foundation notices the end of a process: a server would hold it open.
    private static let closingDescriptors =
        "for path in /proc/$$/fd/*; do ((${path##*/} < 3)) || eval \"exec ${path##*/}>&-\"; done; exec \"$@\""

    /// One of PostgreSQL's programs said no.
    public struct Failure: Error {
        /// The program.
        public let program: String
        /// What it wrote to standard error.
        public let message: String
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test, visibly, where PostgreSQL's programs are not at hand.
    public static var requiresPostgresPrograms: Self {
        .enabled(
            if: ProcessInfo.processInfo.environment[PrivateServer.environmentVariable] != nil,
            "run Scripts/test, or set EMBEDDING_TEST_POSTGRES_BIN")
    }
}

/// Starts a server of the test's own, hands it to the body and destroys it, whether or not the body throws.
///
/// - Parameters:
///   - options: Settings of the server, each `name=value` without blanks.
///   - parent: Where its folder is made; beside the ``SharedCluster`` or in the temporary folder if nil.
///   - primary: The server that it follows as a standby; it begins with an empty cluster if nil.
///   - initdbArguments: More arguments of `initdb`, for an empty cluster.
public func withPrivateServer(
    _ options: [String] = [], in parent: URL? = nil, standbyOf primary: PrivateServer? = nil,
    initdbArguments: [String] = [], _ body: (PrivateServer) async throws -> Void
) async throws {
    let server = try PrivateServer(in: parent)
    do {
        if let primary {
            try await server.initialize(asStandbyOf: primary)
        } else {
            try await server.initialize(initdbArguments)
        }
        try await server.start(options)
        try await body(server)
    } catch {
        try await server.destroy()
        throw error
    }
    try await server.destroy()
}
