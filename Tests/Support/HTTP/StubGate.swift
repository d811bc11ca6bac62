internal import Glibc

/// Holds a reply back until a test lets it go on.
public final class StubGate: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32
    private let arrivals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// A gate that is closed.
    public init() throws {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw StubError(reason: "no pipe: error \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
        (arrivals, continuation) = AsyncStream.makeStream()
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Lets all replies through that wait here or will come.
    public func open() {
        // Nobody reads the byte, and so the pipe stays readable.
        _ = unsafe write(writeEnd, [0 as UInt8], 1)
    }

    /// Waits until a reply has come to the gate; each reply is waited for once, by one waiter at a time.
    public func reached() async {
        for await _ in arrivals { return }
    }

    func reach() {
        continuation.yield()
    }
}
