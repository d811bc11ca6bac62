import CommandSupport
import DatasetTable
import Logging
import SystemPackage

/// A file of JSON lines, one text a line: `{"text":…}` or `{"title":…,"description":…}`, with or without an `id`.
///
/// It is read as it is asked for, so that memory does not grow with it.
struct TextLines: ~Copyable {
    /// One line of input.
    struct Line: Sendable {
        /// The `id` as JSON, or the line number.
        let id: String
        let text: String
        let number: Int
    }

    /// The most bytes of a line: a thousand times the longest text that a model reads.
    private static let maxLineLength = 16 << 20
    private static let maxIdentifierLength = 4096
    private static let chunkSize = 1 << 20

    /// What messages call the file.
    let name: String
    /// Which file it is.
    let identity: FileIdentity

    private let descriptor: FileDescriptor
    /// Nil for what is no file.
    private let byteCount: Int64?
    private var bytesRead: Int64 = 0
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private var number = 0
    private var replacedHalves = 0

    /// Opens a file or pipe, or standard input for `-`.
    init(path: String) throws(InputError) {
        let name = path == "-" ? "standard input" : path
        let (descriptor, status) = try Self.open(path, name)
        self.name = name
        self.descriptor = descriptor
        identity = FileIdentity(status)
        byteCount = status.type == .regular ? status.size : nil
    }

    private static func open(_ path: String, _ name: String) throws(InputError) -> (FileDescriptor, Stat) {
        do {
            let descriptor =
                path == "-" ? .standardInput : try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            let status = try Stat(descriptor)
            guard status.type != .directory else { throw Errno.isDirectory }
            return (descriptor, status)
        } catch {
            throw .unreadable(name, reason: "\(error)")
        }
    }

    deinit {
        if descriptor != .standardInput { try? descriptor.close() }
    }

    /// The share of the file that has been read, from 0 to 1; nil for a pipe.
    var share: Double? {
        byteCount.map { $0 > 0 ? min(1, Double(bytesRead - Int64(buffer.count - position)) / Double($0)) : 1 }
    }

    /// The next line that is not blank; nil at the end.
    mutating func next() throws(InputError) -> Line? {
        while let bytes = try nextBytes() {
            number += 1
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            do {
                let record = try TextRecord(json: bytes)
                guard let text = record.text else {
                    throw refusal("it has neither text nor title or description")
                }
                // A thousand of them are kept at a time.
                guard record.id.map({ $0.utf8.count <= Self.maxIdentifierLength }) ?? true else {
                    throw refusal("its id is longer than \(Self.maxIdentifierLength) bytes")
                }
                replacedHalves += record.replacedHalves
                return Line(id: record.id ?? String(number), text: text, number: number)
            } catch let error as InputError {
                throw error
            } catch {
                throw refusal("\(error)")
            }
        }
        return nil
    }

    /// Logs how many halves of surrogate pairs were read as U+FFFD, if any.
    func logReplacements() {
        guard replacedHalves > 0 else { return }
        Logger.standardError().warning(
            "halves of surrogate pairs, which are no characters, were read as U+FFFD",
            metadata: ["file": "\(name)", "count": "\(replacedHalves)"])
    }

    private mutating func nextBytes() throws(InputError) -> ArraySlice<UInt8>? {
        var searched = position
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { position = end + 1 }
                return try checked(buffer[position..<end])
            }
            if isAtEnd {
                guard position < buffer.endIndex else { return nil }
                defer { position = buffer.endIndex }
                return try checked(buffer[position...])
            }
            buffer.removeFirst(position)
            position = 0
            searched = buffer.count
            _ = try checked(buffer[...])
            try fill()
        }
    }

    private mutating func fill() throws(InputError) {
        do {
            let chunk = try FileSystem.read(from: descriptor, atMost: Self.chunkSize)
            isAtEnd = chunk.isEmpty
            bytesRead += Int64(chunk.count)
            buffer += chunk
        } catch {
            throw .unreadable(name, reason: "\(error)")
        }
    }

    private func checked(_ line: ArraySlice<UInt8>) throws(InputError) -> ArraySlice<UInt8> {
        guard line.count <= Self.maxLineLength else {
            throw .malformedLine(
                file: name, number: number + 1, reason: "it is longer than \(Self.maxLineLength >> 20) MiB")
        }
        return line
    }

    private func refusal(_ reason: String) -> InputError {
        .malformedLine(file: name, number: number, reason: reason)
    }
}
