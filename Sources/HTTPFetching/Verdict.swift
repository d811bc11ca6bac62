internal import FoundationEssentials

/// What a server has sent, before anybody has looked at it.
package struct Reply: Sendable {
    /// The status.
    package var status: Int
    /// The headers that matter, by name in lower case, in order.
    package var headers: [String: [String]]
    /// The body, unpacked.
    package var body: [UInt8]

    /// Takes the parts.
    package init(status: Int, headers: [String: [String]] = [:], body: [UInt8] = []) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    /// The first value of a header.
    package func header(_ name: String) -> String? { headers[name]?.first }
}

/// What is made of a reply.
package enum Verdict: Sendable, Equatable {
    /// It is the answer, and this is its body.
    case taken([UInt8])
    /// What was asked for is elsewhere.
    case redirected(String)
    /// It may be better next time; the server may tell when.
    case again(reason: String, wait: Duration?)
    /// It is final.
    case failed(HTTPFailure)

    /// Judges a reply.
    ///
    /// - Parameters:
    ///   - reply: What the server has sent.
    ///   - place: Host and path of the request.
    ///   - now: The present time in seconds since 1970.
    package static func of(_ reply: Reply, place: String, now: Int) -> Verdict {
        switch reply.status {
        case 200:
            return ofBody(reply, place: place, now: now)
        case 301, 302, 303, 307, 308:
            if let location = reply.header("location") { return .redirected(location) }
            return refused(reply.status, reply, ErrorBody(reply.body), place)
        case 400...499:
            return refused(reply.status, reply, ErrorBody(reply.body), place, now)
        default:
            // 5xx, and what nobody has asked for, such as a part of a body.
            return .again(reason: "status \(reply.status)", wait: wait(reply, now))
        }
    }

    private static func ofBody(_ reply: Reply, place: String, now: Int) -> Verdict {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let body = reply.body.starts(with: mark) ? Array(reply.body.dropFirst(3)) : reply.body
        guard let first = body.first(where: { !isJSONBlank($0) }) else {
            return .again(reason: "an empty body", wait: nil)
        }
        if first == UInt8(ascii: "<") { return .failed(.blocked(place: place)) }
        // What stands in an array is left to whoever decodes it: one strange item is to cost only itself.
        if first == UInt8(ascii: "["), body.last(where: { !isJSONBlank($0) }) == UInt8(ascii: "]") {
            return .taken(body)
        }
        guard isJSON(body) else {
            return mentionsCaptcha(body)
                ? .failed(.blocked(place: place)) : .again(reason: "a body that is not JSON", wait: nil)
        }
        guard let error = ErrorBody(body) else { return .taken(body) }
        // What names no status is a failure behind the server that has answered.
        return refused(error.status ?? 502, reply, error, place, now, prefix: "an error on status 200, ")
    }

    private static func refused(
        _ status: Int, _ reply: Reply, _ error: ErrorBody?, _ place: String, _ now: Int = 0, prefix: String = ""
    ) -> Verdict {
        if RetryPolicy.isRetried(status) { return .again(reason: "\(prefix)status \(status)", wait: wait(reply, now)) }
        let code = ErrorBody.code(reply.header("x-error-code"))
        if status == 401 || status == 403 {
            if mentionsCaptcha(reply.body) { return .failed(.blocked(place: place)) }
            let message = [reply.header("x-error-message")?.lowercased(), error?.message].compactMap(\.self)
            let isAboutItem = code.map(itemCodes.contains) == true
            if !isAboutItem, status == 401 || message.contains(where: isAboutCredentials) {
                return .failed(.credentials(status: status, place: place))
            }
        }
        // Any other code may be anything, a key that was sent among it.
        let known = [code, error?.code].compactMap(\.self).first {
            itemCodes.contains($0) || ErrorBody.statuses[$0] != nil || Int($0) != nil
        }
        return .failed(.item(status: status, code: known, place: place))
    }

    /// Codes of Hugging Face that are about an item, whatever the message says.
    private static let itemCodes: Set = [
        "RepoNotFound", "GatedRepo", "RevisionNotFound", "EntryNotFound", "DisabledRepo",
    ]

    /// Whether a message is about who asks rather than about what is asked for.
    private static func isAboutCredentials(_ message: String) -> Bool {
        [
            "invalid credential", "credentials in authorization", "unauthenticated", "invalid token",
            "invalid api token",
            "access token", "user access token", "token is expired", "expired token", "token has expired", "api key",
            "your account", "account is", "account has been",
        ].contains { message.contains($0) }
    }

    private static func wait(_ reply: Reply, _ now: Int) -> Duration? {
        let told = reply.header("retry-after").flatMap { RetryAfter.wait($0, now: now) }
        let window = reply.header("ratelimit").flatMap { RateLimitHeader($0) }?.waitUntilMore
        return [told, window].compactMap(\.self).max()
    }

    private static func isJSON(_ body: [UInt8]) -> Bool {
        struct Anything: Decodable { init(from decoder: any Decoder) {} }
        return (try? JSONDecoder().decode(Anything.self, from: Data(body))) != nil
    }

    private static func mentionsCaptcha(_ body: [UInt8]) -> Bool {
        String(decoding: body.prefix(16_384), as: UTF8.self).lowercased().contains("captcha")
    }
}
