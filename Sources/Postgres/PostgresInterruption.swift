internal import Glibc

/// A switch that makes sessions give up at once, thrown from any thread, as on a second SIGTERM.
///
/// It is permanent: every wait of every session that was given this interruption ends with
/// ``PostgresError/interrupted(statement:)``, now and later, connecting included. So there is no instant at which it
/// could come too early to be noticed. The server rolls back what was not committed.
public final class PostgresInterruption: Sendable {
    /// A pipe: a byte in it makes the read end readable for `poll`, and nobody ever takes it out.
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Opens a pipe; throws if the process has no file descriptors left.
    public init() throws(PostgresError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw .systemCallFailed(name: "pipe", errno: errno)
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Ends all waits; never blocks, and more calls change nothing.
    public func interrupt() {
        var byte: UInt8 = 1
        // A full pipe is as good as one byte.
        _ = unsafe write(writeEnd, &byte, 1)
    }

    /// How a wait ended.
    enum WaitOutcome {
        case ready
        case deadlinePassed
        case interrupted
    }

    /// Waits until the descriptor is ready for `events`, has failed, or the wait is over.
    ///
    /// A wait that begins at its deadline is over even if there is data: a server that never stops sending gains nothing. An
    /// answer that comes while it lasts counts as in time, even if the process was stopped past the deadline.
    func wait(for events: Int32, on descriptor: Int32, until deadline: ContinuousClock.Instant) -> WaitOutcome {
        var descriptors = [
            pollfd(fd: descriptor, events: Int16(events), revents: 0),
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let remaining = max(.zero, ContinuousClock.now.duration(to: deadline))
            // Rounded up, or the last millisecond would be a busy loop; a minute at most, to fit the type.
            let milliseconds = Int32(min(remaining / .milliseconds(1), 60_000).rounded(.up))
            let count = unsafe poll(&descriptors, nfds_t(descriptors.count), milliseconds)
            if descriptors[1].revents != 0 { return .interrupted }
            if remaining == .zero { return .deadlinePassed }
            if count > 0 { return .ready }
            // A signal arrived, or time is left: look again.
        }
    }
}
