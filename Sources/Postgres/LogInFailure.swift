/// What libpq's message says about a log-in that failed.
///
/// The text has a part for each address that was tried, such as
///
///     connection to server at "db" (10.0.0.7), port 5432 failed: Connection refused
///     connection to server at "db" (10.0.0.8), port 5432 failed: FATAL:  28P01: password authentication failed for …
///     LOCATION:  auth_failed, auth.c:338
///
/// The second part is the server's, as libpq prints it at `PQERRORS_VERBOSE`: severity (in the server's language), two
/// blanks, the SQLSTATE if there is one, the primary message, then fields that have names. Everything else is libpq's.
struct LogInFailure: Equatable {
    /// A reason per address, without the address, without hints and fields; each once.
    let reason: String
    /// The code of the last server that named one.
    let sqlState: SQLState?
    /// Whether no server has said anything.
    let isByLibPQ: Bool
    private let message: String

    /// The most bytes of a message, and the most addresses in it, that are looked at.
    private static let limits = (bytes: 1 << 16, addresses: 8)

    /// Reads libpq's message.
    ///
    /// - Parameter serverText: Makes the words fit for a log.
    init(_ message: String, _ serverText: ServerText) {
        let message = String(decoding: message.utf8.prefix(Self.limits.bytes), as: UTF8.self)
        self.message = message
        var (reasons, sqlState, hasServerSpoken): ([String], SQLState?, Bool) = ([], nil, false)
        for attempt in Self.attempts(in: message).suffix(Self.limits.addresses) {
            var words = attempt
            if let said = attempt.prefixMatch(of: /[^:\n]{1,40}:  (?:([0-9A-Z]{5}): )?/) {
                hasServerSpoken = true
                sqlState = said.output.1.flatMap { SQLState($0) } ?? sqlState
                words = Self.primaryMessage(of: attempt[said.range.upperBound...])
            }
            // Also where libpq has taken a longer message than it allows for one of an older protocol.
            let reason = words.isEmpty ? "the server names no reason" : serverText(words)
            if !reasons.contains(reason) { reasons.append(reason) }
        }
        reason = reasons.isEmpty ? "no reason given" : serverText(reasons.joined(separator: "; "))
        self.sqlState = sqlState
        isByLibPQ = !hasServerSpoken
    }

    /// What was said at each address.
    private static func attempts(in message: String) -> [Substring] {
        var attempts: [Substring] = []
        for line in message.split(separator: "\n") {
            if line.hasPrefix("connection to server "), let range = line.firstRange(of: " failed: ") {
                attempts.append(line[range.upperBound...])
            } else if let last = attempts.last, last.contains(":  ") {
                // Another line of what the server said.
                attempts[attempts.count - 1] = message[last.startIndex..<line.endIndex]
            } else if !line.hasPrefix("\t") {
                attempts.append(line)
            }
        }
        return attempts
    }

    /// The text without the fields that follow it.
    private static func primaryMessage(of text: Substring) -> Substring {
        let fields = #/\n(?:DETAIL|HINT|QUERY|CONTEXT|(?:SCHEMA|TABLE|COLUMN|DATATYPE|CONSTRAINT) NAME|LOCATION):  /#
        return text.firstMatch(of: fields).map { text[..<$0.range.lowerBound] } ?? text
    }
}

// MARK: - What libpq's own words mean

extension LogInFailure {
    /// Whether libpq refuses a setting, if it failed before it sent anything; otherwise there is no way to the host.
    var isAboutSettings: Bool {
        !message.hasPrefix("connection to server") && !message.hasPrefix("could not translate host name")
    }

    /// Whether a setting demands what this server or this client does not have, however often it is tried.
    var isAboutEncryption: Bool {
        isByLibPQ
            && contains(
                "channel binding", "private key file", "certificate file", "server does not support SSL",
                "authentication method", "SASL authentication mechanisms")
    }

    /// Whether the connection broke, rather than that one side did not like what the other said.
    var isAboutTheLink: Bool {
        contains(
            "SYSCALL", "unexpected eof", "closed", "reset by peer", "could not receive", "could not send", "timed out")
    }

    private func contains(_ words: String...) -> Bool {
        words.contains { message.contains($0) }
    }
}
