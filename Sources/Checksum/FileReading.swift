import Glibc

/// Reads small files whole, and no others.
public enum SmallFile {
    /// The bytes of a regular file of at most so many bytes; a larger one is refused before it is read.
    public static func bytes(at path: String, atMost limit: Int) throws(ChecksumError) -> [UInt8] {
        var bytes: [UInt8] = []
        try readFile(at: path, atMost: limit) { piece in
            unsafe piece.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        }
        return bytes
    }
}

/// Reads a regular file from start to end and calls `body` with its bytes, 1 MiB at a time.
func readFile(
    at path: String, atMost limit: Int = .max, _ body: (Span<UInt8>) -> Void
) throws(ChecksumError) {
    // O_NONBLOCK: opening a pipe that nobody writes to must not wait for ever. It means nothing to a regular file.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
        throw errno == ENOENT ? .fileNotFound(path: path) : .lastFailure(of: "open", path: path)
    }
    defer { close(descriptor) }

    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .lastFailure(of: "fstat", path: path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegularFile(path: path) }

    guard status.st_size <= limit else { throw .tooLarge(path: path, byteCount: status.st_size, limit: limit) }

    var total = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let byteCount = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if byteCount == 0 { return }
        if byteCount > 0 {
            total += byteCount
            // It may grow meanwhile.
            guard total <= limit else { throw .tooLarge(path: path, byteCount: total, limit: limit) }
            body(buffer.span.extracting(0..<byteCount))
        } else if errno != EINTR {
            throw .lastFailure(of: "read", path: path)
        }
    }
}

extension ChecksumError {
    /// The failure that `errno` describes.
    fileprivate static func lastFailure(of call: String, path: String) -> Self {
        .systemCallFailed(path: path, call: call, reason: unsafe String(cString: strerror(errno)))
    }
}
