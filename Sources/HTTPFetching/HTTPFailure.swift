/// Why a request of an ``HTTPFetcher`` gave no answer.
///
/// A `place` is a host and a path, without the query, which might hold keys.
public enum HTTPFailure: Error, Sendable, Equatable {
    /// The server refuses this one item for good.
    ///
    /// Such are the statuses 400, 404, 410 and 422, and 401 and 403 unless they are about the account.
    /// The code is the header `X-Error-Code` or a code from the answer's JSON.
    case item(status: Int, code: String?, place: String)
    /// The server refuses the account or its key.
    case credentials(status: Int, place: String)
    /// The server has answered with a page for people, such as a captcha.
    case blocked(place: String)
    /// All tries have failed; the reason is that of the last one.
    case unavailable(tries: Int, reason: String, place: String)
    /// The time for fetching has run out, or would while waiting.
    case outOfTime(place: String)
    /// A link or redirect leads to another scheme, host or port, to which nothing has been sent.
    case foreignLink(from: String, to: String)
    /// A listing leads back to a page it had before, or redirects never end.
    case loop(place: String)
    /// The body is larger than allowed, or grows too much when it is unpacked.
    case tooLarge(limit: Int, place: String)
    /// The task was cancelled.
    case cancelled
    /// A URL, or a setting that is part of a request, cannot be used.
    case badURL(reason: String)
}

extension HTTPFailure: CustomStringConvertible {
    /// What happened, where, and what to do about it.
    public var description: String {
        switch self {
        case .item(let status, let code, let place):
            "\(place) is refused with status \(status)\(code.map { " (\($0))" } ?? ""); it is left out"
        case .credentials(let status, let place):
            "\(place) refuses the credentials with status \(status); renew the key, or check what the account may do"
        case .blocked(let place):
            "\(place) answers with a page for people instead of JSON; wait a few hours, then try again"
        case .unavailable(let tries, let reason, let place):
            "\(place) gave no usable answer to \(tries) requests, at last: \(reason); try again later"
        case .outOfTime(let place):
            "the time for fetching has run out at \(place); run again to go on"
        case .foreignLink(let from, let to):
            "\(from) leads to \(to), to which nothing is sent; check the base URL"
        case .loop(let place):
            "\(place) leads back to itself or without an end; try again later, or report the change of the interface"
        case .tooLarge(let limit, let place):
            "the answer of \(place) is larger than \(limit) bytes or packed too tightly; ask for fewer items at once"
        case .cancelled:
            "fetching was cancelled; run again to go on"
        case .badURL(let reason):
            reason
        }
    }
}
