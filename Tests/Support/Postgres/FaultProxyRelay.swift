internal import Glibc

/// A connection of a client together with the one that the proxy opened to the server for it.
struct FaultProxyRelay {
    private let client: Int32
    private let server: Int32
    var flows: [FaultProxy.Direction: FaultProxyFlow]

    init(client: Int32, server: Int32) {
        self.client = client
        self.server = server
        flows = [
            .clientToServer: FaultProxyFlow(source: client, destination: server),
            .serverToClient: FaultProxyFlow(source: server, destination: client),
        ]
    }

    /// Closes both sides.
    func close(withReset: Bool) {
        for descriptor in [client, server] {
            if withReset {
                // Closing without lingering drops what is unsent and answers with RST instead of FIN.
                setOption(SO_LINGER, linger(l_onoff: 1, l_linger: 0), level: SOL_SOCKET, of: descriptor)
            }
            Glibc.close(descriptor)
        }
    }
}

/// The bytes on their way from one side to the other.
struct FaultProxyFlow {
    private static let mostPendingBytes = 1 << 20

    private let source: Int32
    private let destination: Int32
    private var pending: [(bytes: ArraySlice<UInt8>, due: ContinuousClock.Instant)] = []
    private var held: [UInt8] = []
    /// Whether the source has no more bytes, or its bytes no longer matter.
    private(set) var hasEnded = false
    /// Whether the proxy itself ended the flow.
    private(set) var isCut = false

    init(source: Int32, destination: Int32) {
        self.source = source
        self.destination = destination
    }

    /// Whether nothing is left to be written.
    var isDrained: Bool { pending.isEmpty }

    /// When the next bytes are to be written.
    var nextDue: ContinuousClock.Instant? { pending.first?.due }

    private var wantsMore: Bool {
        !hasEnded && pending.reduce(0) { $0 + $1.bytes.count } < Self.mostPendingBytes
    }

    func descriptorsToPoll(now: ContinuousClock.Instant) -> [pollfd] {
        var descriptors: [pollfd] = []
        if wantsMore {
            descriptors.append(pollfd(fd: source, events: Int16(POLLIN), revents: 0))
        }
        if let nextDue, nextDue <= now {
            descriptors.append(pollfd(fd: destination, events: Int16(POLLOUT), revents: 0))
        }
        return descriptors
    }

    /// What has arrived; nil if nothing has, or if enough is waiting to be written.
    mutating func read() -> [UInt8]? {
        guard wantsMore else { return nil }
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe Glibc.read(source, &chunk, chunk.count)
        guard count > 0 else {
            hasEnded = count == 0 || (errno != EAGAIN && errno != EINTR)
            return nil
        }
        chunk.removeLast(chunk.count - count)
        return chunk
    }

    mutating func enqueue(_ bytes: ArraySlice<UInt8>, due: ContinuousClock.Instant) {
        if !bytes.isEmpty { pending.append((bytes, due)) }
    }

    /// Keeps bytes until ``release()``.
    mutating func hold(_ bytes: [UInt8]) {
        held += bytes
    }

    /// Forwards what was kept.
    mutating func release() {
        enqueue(held[...], due: .now)
        held.removeAll()
    }

    mutating func writeWhatIsDue() {
        while let (bytes, due) = pending.first, due <= .now {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe send(destination, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            if count == bytes.count {
                pending.removeFirst()
            } else if count > 0 {
                pending[0].bytes.removeFirst(count)
            } else {
                // Nobody reads any more: what is left goes nowhere.
                if errno != EAGAIN && errno != EINTR {
                    pending.removeAll()
                    hasEnded = true
                }
                return
            }
        }
    }

    /// Ends the flow after what is pending.
    mutating func cut() {
        hasEnded = true
        isCut = true
    }
}

/// What arrived on one connection in one direction.
struct Transcript {
    private var bytes: [UInt8] = []
    /// How often a text occurs, and up to where that has been counted.
    private var counts: [String: (count: Int, end: Int)] = [:]

    var byteCount: Int { bytes.count }

    /// Adds a chunk and says whether it completes the text.
    mutating func append(_ chunk: [UInt8], completing text: String?) -> Bool {
        let before = text.map { occurrences(of: $0) }
        bytes += chunk
        return text.map { occurrences(of: $0) } != before
    }

    /// How often the text occurs, without overlaps.
    mutating func occurrences(of text: String) -> Int {
        let needle = Array(text.utf8)
        var (count, end) = counts[text, default: (0, 0)]
        while let next = position(of: needle, from: end) {
            count += 1
            end = next + needle.count
        }
        // The start of an occurrence may be there already.
        counts[text] = (count, max(end, bytes.count - needle.count + 1))
        return count
    }

    private func position(of needle: [UInt8], from start: Int) -> Int? {
        var start = start
        while start < bytes.count, let candidate = bytes[start...].firstIndex(of: needle[0]) {
            if bytes[candidate...].starts(with: needle) { return candidate }
            start = candidate + 1
        }
        return nil
    }
}
