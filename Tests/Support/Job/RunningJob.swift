internal import Foundation

internal import Glibc
internal import PostgresTestSupport
internal import Synchronization
internal import Testing

/// An `embedding-job` that has been started; it is killed if nobody waits for its end.
public final class RunningJob: Sendable {
    /// The process.
    public let processIdentifier: Int32

    private let arguments: [String]
    /// Set before the process starts and not changed since.
    private let end: End
    private let record: URL
    /// Pipes that nobody reads, kept open as long as the process may write to them.
    private let fullPipes: [Pipe]

    /// Starts a process whose streams but standard input are not set yet.
    init(_ process: Process, output: BuiltExecutable.Output, errors: BuiltExecutable.Output) throws {
        arguments = process.arguments ?? []
        // Files rather than pipes: nothing to read meanwhile, and nothing that another child could hold open.
        let record = FileManager.default.temporaryDirectory.appending(path: "embedding-job-\(UUID().uuidString)")
        self.record = record
        try FileManager.default.createDirectory(at: record, withIntermediateDirectories: false)
        var fullPipes: [Pipe] = []
        func writer(_ output: BuiltExecutable.Output, _ name: String) throws -> FileHandle {
            let file = record.appending(path: name)
            try Data().write(to: file)
            guard output != .kept else { return try FileHandle(forWritingTo: file) }
            let pipe = Pipe()
            if output == .brokenPipe {
                try pipe.fileHandleForReading.close()
            } else {
                pipe.fileHandleForWriting.fillPipe()
                fullPipes.append(pipe)
            }
            return pipe.fileHandleForWriting
        }
        process.standardOutput = try writer(output, "output")
        process.standardError = try writer(errors, "error")
        self.fullPipes = fullPipes
        let end = End()
        self.end = end
        process.terminationHandler = { process in
            end.set(process.terminationReason == .exit, process.terminationStatus)
        }
        try process.start()
        processIdentifier = process.processIdentifier
    }

    deinit {
        send(SIGKILL)
        try? FileManager.default.removeItem(at: record)
    }

    /// Sends a signal, unless the process has ended.
    public func send(_ signal: Int32) {
        if end.value == nil { kill(processIdentifier, signal) }
    }

    /// Whether the process has not ended yet.
    public var isRunning: Bool { end.value == nil }

    /// Waits until the process has written a text to standard error; throws if it ends without.
    public func waitUntil(logged text: String) async throws {
        while isRunning {
            if try standardError.contains(text) { return }
            try Task.checkCancellation()
            await Task.yield()
        }
        let log = try standardError
        try #require(log.contains(text), "embedding-job \(arguments) ended without \(text)")
    }

    /// Stops the process as a frozen machine would, and waits until it stands still.
    public func freeze() async throws {
        send(SIGSTOP)
        // The state follows the name, which is in parentheses.
        let status = "/proc/\(processIdentifier)/stat"
        while try !String(contentsOfFile: status, encoding: .utf8).contains(") T ") {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// What the process has written to standard error so far.
    public var standardError: String {
        get throws { String(decoding: try Data(contentsOf: record.appending(path: "error")), as: UTF8.self) }
    }

    /// The most memory the process has had resident so far, in bytes; nil once it has ended.
    public var peakMemory: Int? {
        let status = try? String(contentsOfFile: "/proc/\(processIdentifier)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 << 10 }
    }

    /// Waits for the end of the process; one that takes longer than the deadline is killed and the test fails.
    public func outcome(within deadline: Duration = .seconds(120)) async throws -> BuiltExecutable.Outcome {
        let overdue = DispatchWorkItem { [end, processIdentifier] in
            // One that has ended in time is not late because nobody has come to see.
            guard end.value == nil else { return }
            end.isOverdue.withLock { $0 = true }
            kill(processIdentifier, SIGKILL)
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + (deadline / .seconds(1)), execute: overdue)
        let (wasExit, status) = await end.wait()
        overdue.cancel()
        try #require(!end.isOverdue.withLock { $0 }, "embedding-job \(arguments) did not end within \(deadline)")
        return BuiltExecutable.Outcome(
            exitStatus: wasExit ? status : nil, signal: wasExit ? nil : status,
            standardOutput: try Data(contentsOf: record.appending(path: "output")), standardError: try standardError)
    }

    /// How the process ended, once it has.
    private final class End: Sendable {
        typealias Value = (isExit: Bool, status: Int32)
        private let state = Mutex<(value: Value?, waiting: [CheckedContinuation<Value, Never>])>((nil, []))
        let isOverdue = Mutex(false)

        var value: Value? { state.withLock { $0.value } }

        func set(_ isExit: Bool, _ status: Int32) {
            let waiting = state.withLock { state in
                state.value = (isExit, status)
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume(returning: (isExit, status)) }
        }

        func wait() async -> Value {
            await withCheckedContinuation { continuation in
                let value = state.withLock { state in
                    if state.value == nil { state.waiting.append(continuation) }
                    return state.value
                }
                if let value { continuation.resume(returning: value) }
            }
        }
    }
}

extension FileHandle {
    /// Writes to a pipe until nothing more goes in.
    fileprivate func fillPipe() {
        let flags = fcntl(fileDescriptor, F_GETFL)
        _ = fcntl(fileDescriptor, F_SETFL, flags | O_NONBLOCK)
        let page = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        while unsafe Glibc.write(fileDescriptor, page, page.count) > 0 {}
        _ = fcntl(fileDescriptor, F_SETFL, flags)
    }
}
