public import Foundation

internal import Glibc
internal import PostgresTestSupport
internal import Testing

/// An executable that the build puts beside the test bundle, `embedding-job` unless said otherwise, run as a person or a
/// scheduler would run it.
///
/// Each instance has a working directory of its own, which goes with it, and its runs see no environment but `PATH`,
/// `HOME` and what the test gives: neither the developer's `DATABASE_URL` nor a `.env` reaches them.
public final class BuiltExecutable: Sendable {
    /// What one run left behind.
    public struct Outcome: Sendable {
        /// The exit status, `nil` if a signal ended the process.
        public let exitStatus: Int32?
        /// The signal that ended the process.
        public let signal: Int32?
        /// Everything on standard output.
        public let standardOutput: Data
        /// Everything on standard error.
        public let standardError: String

        /// Standard output as text.
        public var output: String { String(decoding: standardOutput, as: UTF8.self) }

        /// The lines of standard output.
        public var outputLines: [String] { Self.lines(of: output) }

        /// The lines of standard error.
        public var errorLines: [String] { Self.lines(of: standardError) }

        private static func lines(of text: String) -> [String] {
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            if lines.last?.isEmpty == true { lines.removeLast() }
            return lines
        }
    }

    /// What a run writes its standard output or its standard error to.
    public enum Output: Sendable {
        /// A place where all of it is kept.
        case kept
        /// A pipe whose reader has gone.
        case brokenPipe
        /// A pipe that is full, and whose reader never reads.
        case fullPipe
    }

    /// The working directory.
    public let folder: URL

    private let name: String

    /// Makes an empty working directory for the product of this name.
    public init(_ name: String = "embedding-job") throws {
        self.name = name
        folder = FileManager.default.temporaryDirectory.appending(path: "embedding-job-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Puts a file into the working directory.
    public func write(_ contents: String, to name: String) throws {
        try Data(contents.utf8).write(to: folder.appending(path: name))
    }

    /// Reads a file of the working directory.
    public func read(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appending(path: name))
    }

    /// Makes a named pipe in the working directory, and opens it for both ends, so that nobody waits for the other.
    public func makePipe(_ name: String) throws -> FileHandle {
        let path = folder.appending(path: name).path
        try #require(unsafe mkfifo(path, 0o600) == 0)
        return try #require(FileHandle(forUpdatingAtPath: path))
    }

    /// The names in the working directory, sorted.
    public func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    /// Runs the executable and waits for its end.
    ///
    /// - Parameters:
    ///   - arguments: The command line after the name of the program.
    ///   - environment: Variables besides `PATH` and `HOME`.
    ///   - input: What the process reads from a pipe; without it, standard input is `/dev/null`.
    ///   - output: Where standard output goes.
    ///   - onTerminal: Whether the process runs under a pseudo-terminal; all its output is then standard output.
    ///   - deadline: How long it may take; a process that takes longer is killed and the test fails.
    public func run(
        _ arguments: [String], environment: [String: String] = [:], input: Data? = nil, output: Output = .kept,
        onTerminal: Bool = false, deadline: Duration = .seconds(120)
    ) async throws -> Outcome {
        await Self.permits.acquire()
        let result: Result<Outcome, any Error>
        do {
            let job = try start(
                arguments, environment: environment, input: input, output: output, onTerminal: onTerminal)
            result = .success(try await job.outcome(within: deadline))
        } catch {
            result = .failure(error)
        }
        await Self.permits.release()
        return try result.get()
    }

    /// So many processes at once keep two processors busy and memory free.
    private static let permits = Permits(4)

    /// Starts the executable, to be watched, sent signals and waited for.
    ///
    /// - Parameters:
    ///   - arguments: The command line after the name of the program.
    ///   - environment: Variables besides `PATH` and `HOME`.
    ///   - input: What the process reads from a pipe; without it, standard input is `/dev/null`.
    ///   - output: Where standard output goes.
    ///   - errors: Where standard error goes.
    ///   - onTerminal: Whether the process runs under a pseudo-terminal; all its output is then standard output.
    ///   - launcher: A command that prepares the process and then becomes the executable, whose path and arguments follow
    ///     its own.
    public func start(
        _ arguments: [String], environment: [String: String] = [:], input: Data? = nil, output: Output = .kept,
        errors: Output = .kept, onTerminal: Bool = false, launcher: [String] = []
    ) throws -> RunningJob {
        let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: name)
        try #require(FileManager.default.isExecutableFile(atPath: executable.path), "\(executable.path) is not built")
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        if onTerminal {
            process.executableURL = Self.pseudoTerminal
            let words = [executable.path] + arguments
            process.arguments = ["-qec", words.map { "'\($0)'" }.joined(separator: " "), "/dev/null"]
        }
        if let program = launcher.first {
            process.executableURL = URL(filePath: program)
            process.arguments = launcher.dropFirst() + [executable.path] + arguments
        }
        process.currentDirectoryURL = folder
        let inherited = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME"].contains($0.key) }
        process.environment = inherited.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        if let input {
            let pipe = Pipe()
            process.standardInput = pipe
            // A thread of its own, because a full pipe blocks until the process reads.
            Thread { Self.feed(input, to: pipe.fileHandleForWriting) }.start()
        }
        return try RunningJob(process, output: output, errors: errors)
    }

    /// `script` of util-linux, which runs a command under a pseudo-terminal, if this machine has it.
    private static let pseudoTerminal = URL(filePath: "/usr/bin/script")

    /// Whether runs under a pseudo-terminal are possible on this machine.
    public static var hasPseudoTerminal: Bool { FileManager.default.isExecutableFile(atPath: pseudoTerminal.path) }

    /// A process that does not read to the end is no fault of the test, so the thread takes no SIGPIPE.
    private static func feed(_ input: Data, to writer: FileHandle) {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        try? writer.write(contentsOf: input)
        try? writer.close()
    }
}
