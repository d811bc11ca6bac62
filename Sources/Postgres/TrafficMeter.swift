internal import Glibc

/// Counts what a server sends, so that one that never stops cannot fill memory.
///
/// libpq keeps an unfinished message whole, however long it says it is, and keeps parameters for ever; it does not say how
/// much it has read. The kernel does, for TCP. A server on a Unix socket is of this machine, and only its rows are counted.
/// The count is looked at between two calls of libpq, each of which reads all that has come: a fast sender gets more through.
struct TrafficMeter {
    /// The most bytes that may come without completing a row or a result.
    static let mostBytesBetweenRows = 64 << 20

    private let descriptor: Int32
    private var start: Int

    /// Counts from now on.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        start = Self.receivedByteCount(of: descriptor)
    }

    /// Counts anew: something was completed.
    mutating func restart() {
        start = Self.receivedByteCount(of: descriptor)
    }

    /// Whether too much has come.
    var isExceeded: Bool {
        Self.receivedByteCount(of: descriptor) - start > Self.mostBytesBetweenRows
    }

    /// The bytes that a TCP connection has received since it was made; 0 for another.
    static func receivedByteCount(of descriptor: Int32) -> Int {
        // `tcpi_bytes_received` of the kernel's `struct tcp_info`; glibc's declaration of it ends before.
        let offset = 128
        var info = [UInt8](repeating: 0, count: offset + 8)
        var length = socklen_t(info.count)
        guard unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0, length == info.count
        else {
            return 0
        }
        return unsafe info.withUnsafeBytes {
            Int(clamping: unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
    }
}
