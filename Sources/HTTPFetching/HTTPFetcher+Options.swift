extension HTTPFetcher {
    /// Where and how a fetcher asks.
    public struct Options: Sendable {
        /// Scheme, host and perhaps port and the beginning of all paths; `https`, or `http` to this machine.
        public var baseURL: String
        /// The value of the header `Authorization`.
        public var authorization: String?
        /// The value of the header `User-Agent`, which should say whom to write to.
        public var userAgent: String
        /// How fast requests may follow one another.
        public var pace: Pace
        /// How often a request is sent at most.
        public var mostTries = 6
        /// How many bytes a body may have, unpacked.
        public var bodyLimit = 32 << 20
        /// How long a connection may take to come about.
        public var connectTimeout = Duration.seconds(10)
        /// How long the status and the headers of an answer may take, with the connection.
        public var firstByteTimeout = Duration.seconds(30)
        /// How long the body may take after them.
        public var bodyTimeout = Duration.seconds(120)
        /// When fetching must be over.
        public var deadline: ContinuousClock.Instant?

        /// Takes what has no usual value.
        ///
        /// - Parameters:
        ///   - baseURL: Scheme, host and perhaps port and the beginning of all paths.
        ///   - authorization: The value of the header `Authorization`.
        ///   - userAgent: The value of the header `User-Agent`.
        ///   - pace: How fast requests may follow one another.
        ///   - deadline: When fetching must be over.
        public init(
            baseURL: String, authorization: String? = nil, userAgent: String, pace: Pace,
            deadline: ContinuousClock.Instant? = nil
        ) {
            self.baseURL = baseURL
            self.authorization = authorization
            self.userAgent = userAgent
            self.pace = pace
            self.deadline = deadline
        }
    }
}

extension HTTPFetcher.Options: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says nothing of the key.
    public var description: String { "options of a fetcher" }
    /// Says nothing of the key.
    public var debugDescription: String { description }
    /// Shows nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension HTTPFetcher.Options {
    /// The base URL taken apart; throws for options that cannot be used.
    func checked() throws(HTTPFailure) -> WebAddress {
        guard let base = WebAddress(baseURL), base.query == nil, !baseURL.contains("#") else {
            throw .badURL(reason: "the base URL is none of https with a host and perhaps a path; correct it")
        }
        guard base.origin.isEncrypted || base.origin.isLoopback else {
            throw .badURL(
                reason: "the base URL of \(base.origin.name) is not https; only this machine is asked without TLS")
        }
        for (name, value) in [("User-Agent", userAgent), ("Authorization", authorization ?? "-")] {
            guard !value.isEmpty, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw .badURL(
                    reason: "the value of the header \(name) is empty or no plain text on one line; correct it")
            }
        }
        if case .perSecond(let rate) = pace, !(rate >= 0.001 && rate <= 1000) {
            throw .badURL(reason: "the pace is \(rate) requests a second; it must be 0.001 to 1000")
        }
        return base
    }
}
