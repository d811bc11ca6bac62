/// What a stub does when it is asked: a script of bytes, pauses and endings.
///
/// The connection stays open for the next request unless the script ends it.
public struct StubReply: Sendable {
    /// One thing to do.
    public enum Step: Sendable {
        /// Sends bytes.
        case send([UInt8])
        /// Sends bytes one by one, with a pause after each.
        case trickle([UInt8], milliseconds: Int)
        /// Waits until the gate is open.
        case hold(StubGate)
        /// Closes the connection.
        case close
        /// Resets the connection.
        case reset
    }

    /// What is done, in order.
    public var steps: [Step]

    /// Takes a script.
    public init(_ steps: [Step]) {
        self.steps = steps
    }

    // MARK: - Well-formed answers

    /// A whole answer.
    public static func answer(
        _ status: Int = 200, _ headers: [(String, String)] = [], body: [UInt8], type: String = "application/json"
    ) -> StubReply {
        let headers = [("Content-Type", type), ("Content-Length", String(body.count))] + headers
        return StubReply([.send(head(status, headers) + body)])
    }

    /// A whole answer of JSON.
    public static func json(_ text: String, status: Int = 200, _ headers: [(String, String)] = []) -> StubReply {
        answer(status, headers, body: Array(text.utf8))
    }

    /// A page for people.
    public static func html(_ text: String, status: Int = 200) -> StubReply {
        answer(status, body: Array(text.utf8), type: "text/html; charset=utf-8")
    }

    /// An answer without a body.
    public static func status(_ status: Int, _ headers: [(String, String)] = []) -> StubReply {
        // This one has no length either.
        if status == 304 { return StubReply([.send(head(304, headers))]) }
        return answer(status, headers, body: [])
    }

    /// A body in chunks of a size.
    public static func chunked(_ text: String, size: Int) -> StubReply {
        StubReply([.send(head(200, chunkedHeaders) + chunks(text, size) + Array("0\r\n\r\n".utf8))])
    }

    /// A packed body.
    public static func gzip(_ bytes: some Sequence<UInt8>) -> StubReply {
        answer(200, [("Content-Encoding", "gzip")], body: Array(bytes))
    }

    // MARK: - Broken answers

    /// A body of which bytes are missing when the connection is closed.
    public static func short(_ text: String, missing: Int) -> StubReply {
        let headers = [("Content-Length", String(text.utf8.count + missing))]
        return StubReply([.send(head(200, headers) + Array(text.utf8)), .close])
    }

    /// A body in chunks, closed before the last chunk.
    public static func chunkedCutShort(_ text: String, size: Int) -> StubReply {
        StubReply([.send(head(200, chunkedHeaders) + chunks(text, size)), .close])
    }

    /// Waits before the status.
    public static func silent(until gate: StubGate, then reply: StubReply) -> StubReply {
        StubReply([.hold(gate)] + reply.steps)
    }

    /// Waits between the headers and the body.
    public static func held(_ text: String, until gate: StubGate) -> StubReply {
        let headers = [("Content-Length", String(text.utf8.count))]
        return StubReply([.send(head(200, headers)), .hold(gate), .send(Array(text.utf8))])
    }

    /// Sends the body byte by byte.
    public static func trickled(_ text: String, milliseconds: Int) -> StubReply {
        let headers = [("Content-Length", String(text.utf8.count))]
        return StubReply([.send(head(200, headers)), .trickle(Array(text.utf8), milliseconds: milliseconds)])
    }

    /// Closes the connection without an answer.
    public static let closed = StubReply([.close])

    /// Resets the connection without an answer.
    public static let reset = StubReply([.reset])

    // MARK: - Parts

    /// The first line and the headers, up to the empty line.
    public static func head(_ status: Int, _ headers: [(String, String)]) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status) \(status < 400 ? "Fine" : "Not fine")"] + headers.map { "\($0): \($1)" }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private static let chunkedHeaders = [("Transfer-Encoding", "chunked")]

    private static func chunks(_ text: String, _ size: Int) -> [UInt8] {
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: size).flatMap { start in
            let chunk = bytes[start..<min(start + size, bytes.count)]
            return Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
        }
    }
}
