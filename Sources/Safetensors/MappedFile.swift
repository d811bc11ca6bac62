import Glibc

/// A regular file mapped into memory, read-only, for as long as this value lives.
///
/// The size is read once, from the open descriptor, and every later check refers to that number. Nothing protects the
/// mapping from another process that truncates the file afterwards: the kernel answers an access beyond the new end
/// with SIGBUS.
///
/// - Note: Sendable is unchecked because of the pointer. The invariant: the pages are `PROT_READ`, the properties are
///   constants, and `munmap` runs in `deinit`, when nobody can hold the value any more.
@safe struct MappedFile: ~Copyable, @unchecked Sendable {
    private let bytes: UnsafeRawBufferPointer

    init(path: String) throws(SafetensorsError) {
        // O_NONBLOCK: opening a pipe that nobody writes to must not wait for ever. It means nothing to a regular file.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .fileNotFound(path: path) : .lastFailure(of: "open", path: path)
        }
        defer { close(descriptor) }

        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw .lastFailure(of: "fstat", path: path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .notRegularFile(path: path)
        }

        let byteCount = Int(status.st_size)
        guard byteCount > 0 else {
            // mmap refuses a length of zero.
            unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let start = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard unsafe start != MAP_FAILED else {
            throw .lastFailure(of: "mmap", path: path)
        }
        unsafe bytes = UnsafeRawBufferPointer(start: start, count: byteCount)
    }

    deinit {
        guard let start = unsafe bytes.baseAddress else { return }
        unsafe munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }

    /// The size of the file when it was opened.
    var byteCount: Int {
        unsafe bytes.count
    }

    /// Copies out the bytes at some offsets; offsets beyond the file are a programmer's error and trap.
    func copyBytes(in range: Range<Int>) -> [UInt8] {
        unsafe Array(bytes[range])
    }

    /// Calls `body` with the bytes at some offsets, valid during the call; offsets beyond the file trap.
    func withUnsafeBytes<Result>(in range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
}

extension SafetensorsError {
    /// The failure that `errno` describes.
    fileprivate static func lastFailure(of call: String, path: String) -> Self {
        .systemCallFailed(path: path, call: call, reason: unsafe String(cString: strerror(errno)))
    }
}
