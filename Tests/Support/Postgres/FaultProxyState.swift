internal import Glibc

/// What the proxy's thread and the tests share: the settings, the connections and what went through them.
///
/// The descriptors are non-blocking, so nothing here waits.
struct FaultProxyState {
    private let server: ServerAddress
    private var listener: LoopbackListener
    private var arrivals = FaultProxy.Arrivals.accepted
    private var faults: [FaultProxy.Direction: FaultProxy.Fault] = [:]
    private(set) var relays: [Int: FaultProxyRelay] = [:]
    private(set) var connectionCount = 0
    /// What clients send, and what the server gets instead.
    var replacement: (text: [UInt8], other: [UInt8])?
    private(set) var replacementCount = 0
    /// What arrived on each connection, kept after its end.
    private var transcripts: [FaultProxy.Direction: [Int: Transcript]] = [:]
    private var observers: [AsyncStream<Void>.Continuation] = []
    private var isStopped = false

    init(server: ServerAddress, listener: LoopbackListener) {
        self.server = server
        self.listener = listener
    }
}

// MARK: - Settings

extension FaultProxyState {
    mutating func set(_ fault: FaultProxy.Fault, for directions: [FaultProxy.Direction]) {
        for direction in directions {
            faults[direction] = fault
            guard fault != .hold else { continue }
            for id in relays.keys { relays[id]?.flows[direction]?.release() }
        }
    }

    mutating func set(_ arrivals: FaultProxy.Arrivals) throws {
        guard !isStopped else { return }
        try arrivals == .refused ? listener.close() : listener.open()
        self.arrivals = arrivals
    }

    mutating func closeConnections(withReset: Bool) {
        for relay in relays.values { relay.close(withReset: withReset) }
        relays.removeAll()
    }

    mutating func stop() {
        guard !isStopped else { return }
        isStopped = true
        closeConnections(withReset: false)
        listener.release()
        for observer in observers { observer.finish() }
        observers.removeAll()
    }
}

// MARK: - Observing

extension FaultProxyState {
    func byteCount(_ direction: FaultProxy.Direction) -> Int {
        transcripts[direction, default: [:]].values.reduce(0) { $0 + $1.byteCount }
    }

    mutating func occurrences(of text: String, _ direction: FaultProxy.Direction) -> Int {
        var count = 0
        for id in transcripts[direction, default: [:]].keys {
            count += transcripts[direction]?[id]?.occurrences(of: text) ?? 0
        }
        return count
    }

    /// Adds somebody who is told whenever something happened.
    mutating func observe(with observer: AsyncStream<Void>.Continuation) {
        if isStopped { observer.finish() } else { observers.append(observer) }
    }

    private mutating func notifyObservers() {
        observers.removeAll { observer in
            if case .terminated = observer.yield() { true } else { false }
        }
    }
}

// MARK: - Moving bytes

extension FaultProxyState {
    /// What the thread waits for; nil when the proxy has stopped.
    func descriptorsToPoll(wakeUp: Int32) -> [pollfd]? {
        guard !isStopped else { return nil }
        var descriptors = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
        if arrivals == .accepted, let descriptor = listener.descriptor {
            descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        let now = ContinuousClock.now
        for relay in relays.values {
            descriptors += relay.flows.values.flatMap { $0.descriptorsToPoll(now: now) }
        }
        return descriptors
    }

    /// The time until a delayed chunk is due, -1 if there is none.
    func millisecondsUntilNextChunk() -> Int32 {
        let dues = relays.values.flatMap { $0.flows.values.compactMap(\.nextDue) }
        guard let next = dues.min() else { return -1 }
        // One more than needed, since the remainder is dropped.
        return Int32(max(0, (next - .now) / .milliseconds(1))) + 1
    }

    /// Takes new connections, reads what has come and writes what is due.
    mutating func moveBytes() {
        guard !isStopped else { return }
        acceptConnections()
        for id in relays.keys {
            for direction in FaultProxy.Direction.allCases {
                while let chunk = relays[id]?.flows[direction]?.read() {
                    receive(chunk, direction, on: id)
                }
                relays[id]?.flows[direction]?.writeWhatIsDue()
            }
            closeIfEnded(id)
        }
        notifyObservers()
    }

    private mutating func acceptConnections() {
        while arrivals == .accepted, let client = listener.accept() {
            guard let server = server.connect() else {
                close(client)
                continue
            }
            relays[connectionCount] = FaultProxyRelay(client: client, server: server)
            connectionCount += 1
        }
    }

    /// Notes a chunk that has arrived and does to it what the fault of its direction says.
    private mutating func receive(_ chunk: [UInt8], _ direction: FaultProxy.Direction, on id: Int) {
        let fault = faults[direction, default: .pass]
        let completesTrigger = transcripts[direction, default: [:]][id, default: Transcript()]
            .append(chunk, completing: fault.trigger)
        var forwarded = chunk[...]
        var due = ContinuousClock.now
        var isCut = false
        switch fault {
        case .pass:
            break
        case .delay(let duration):
            due += duration
        case .blackHole:
            forwarded = []
        case .cut(let byteCount):
            forwarded = chunk.prefix(byteCount)
            isCut = chunk.count >= byteCount
            faults[direction] = isCut ? .pass : .cut(afterByteCount: byteCount - chunk.count)
        case .cutInsteadOf where completesTrigger:
            forwarded = []
            isCut = true
            faults[direction] = .pass
        case .blackHoleFrom where completesTrigger:
            forwarded = []
            faults[direction] = .blackHole
        case .hold:
            forwarded = []
            relays[id]?.flows[direction]?.hold(chunk)
        case .holdFrom where completesTrigger:
            forwarded = []
            relays[id]?.flows[direction]?.hold(chunk)
            faults[direction] = .hold
        case .cutInsteadOf, .blackHoleFrom, .holdFrom:
            break
        }
        if direction == .clientToServer { forwarded = replacing(in: forwarded) }
        relays[id]?.flows[direction]?.enqueue(forwarded, due: due)
        if isCut { relays[id]?.flows[direction]?.cut() }
    }

    private mutating func replacing(in chunk: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let replacement else { return chunk }
        var chunk = chunk
        var start = chunk.startIndex
        while let range = chunk[start...].firstRange(of: replacement.text) {
            chunk.replaceSubrange(range, with: replacement.other)
            replacementCount += 1
            start = range.upperBound
        }
        return chunk
    }

    /// Closes both sides once one has ended, what it sent has been forwarded, and no fault hides the end.
    private mutating func closeIfEnded(_ id: Int) {
        guard let relay = relays[id] else { return }
        let ended = relay.flows.filter { $0.value.hasEnded }
        let isNoticed = ended.contains { direction, flow in flow.isCut || faults[direction]?.hidesEnd != true }
        guard isNoticed || ended.count == relay.flows.count, ended.values.allSatisfy(\.isDrained) else { return }
        relay.close(withReset: false)
        relays[id] = nil
    }
}

extension FaultProxy.Fault {
    /// The text that sets the fault off.
    fileprivate var trigger: String? {
        switch self {
        case .cutInsteadOf(let text), .blackHoleFrom(let text), .holdFrom(let text): text
        case .pass, .delay, .blackHole, .cut, .hold: nil
        }
    }

    /// Whether the end of a connection is not passed on.
    fileprivate var hidesEnd: Bool { self == .blackHole || self == .hold }
}
