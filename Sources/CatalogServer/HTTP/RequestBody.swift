import HTTPTypes
import Hummingbird
import NIOCore

/// Reading what a request brings: of a known kind, small, and in time.
enum RequestBody {
    /// The most bytes of a body.
    static let byteLimit = 16 << 10
    /// How long a client may take to send it; each part would begin the connection's own time anew.
    static let timeLimit = Duration.seconds(10)

    /// The body as JSON; nil if there is none.
    static func json(of request: Request) async throws -> ByteBuffer? {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > byteLimit { throw tooLarge }
        let buffer = try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            group.addTask {
                do {
                    return try await request.body.collect(upTo: byteLimit)
                } catch is NIOTooManyBytesError {
                    throw tooLarge
                }
            }
            group.addTask {
                try await Task.sleep(for: timeLimit)
                throw Problem(.requestTimeout, "the body did not come within \(Int(timeLimit / .seconds(1))) seconds")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? ByteBuffer()
        }
        guard buffer.readableBytes > 0 else { return nil }
        let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased()
        guard type?.filter({ !$0.isWhitespace }) == "application/json" else {
            throw Problem(.unsupportedMediaType, "the body is taken as application/json only")
        }
        return buffer
    }

    private static let tooLarge = Problem(.contentTooLarge, "the body has more than \(byteLimit) bytes")
}
