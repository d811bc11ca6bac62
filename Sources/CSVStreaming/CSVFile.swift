import Glibc

/// A regular file that is open for reading at any offset.
struct CSVFile: ~Copyable {
    /// The last component of the path, for messages.
    let name: String
    /// The size of the file when it was opened.
    let byteCount: Int64
    private let descriptor: Int32

    init(path: String) throws(CSVError) {
        name = path.split(separator: "/").last.map(String.init) ?? path
        // O_NONBLOCK: opening a pipe that nobody writes to must not wait for ever. It means nothing to a regular file.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .cannotOpen(file: name, reason: Self.lastFailure) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let reason = Self.lastFailure
            close(descriptor)
            throw .cannotOpen(file: name, reason: reason)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .cannotOpen(file: name, reason: "it is not a regular file")
        }
        byteCount = Int64(status.st_size)
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit {
        close(descriptor)
    }

    /// Appends at most `count` bytes of the file to a buffer, and tells how many there were: 0 only at the file's end.
    func read(_ count: Int, at offset: Int64, into buffer: inout BlockBuffer) throws(CSVError) -> Int {
        while true {
            let readCount = unsafe buffer.append(atMost: count) { free in
                unsafe pread(descriptor, free.baseAddress, free.count, off_t(offset))
            }
            if readCount >= 0 { return readCount }
            guard errno == EINTR else { throw .readFailed(file: name, reason: Self.lastFailure) }
        }
    }

    /// How many bytes a byte order mark takes at the beginning: 3 or 0.
    func byteOrderMarkLength() throws(CSVError) -> Int64 {
        let mark = CSVByte.byteOrderMark
        var beginning = BlockBuffer(capacity: mark.count)
        let count = try read(mark.count, at: 0, into: &beginning)
        let isMark = count == mark.count && mark.indices.allSatisfy { beginning[$0] == mark[$0] }
        return isMark ? Int64(count) : 0
    }

    private static var lastFailure: String {
        unsafe String(cString: strerror(errno))
    }
}
