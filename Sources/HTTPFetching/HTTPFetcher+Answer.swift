extension HTTPFetcher {
    /// Where an answer came from, and where it leads; a target is what ``get(_:decode:)`` takes, below the base URL if it can be.
    public struct Answer: Sendable {
        /// What to ask for next by the header `Link`, on the same origin.
        public let next: String?
        /// What has answered, after redirects.
        public let target: String
        /// Its host and path, for messages.
        public let place: String
    }

    /// What fetching has cost so far.
    public struct Usage: Sendable, Equatable {
        /// Requests sent, with those that were tried again or redirected.
        public var requests = 0
        /// How often a request was sent again.
        public var retries = 0
        /// Time spent waiting before requests.
        public var waited = Duration.zero

        /// Takes the numbers.
        public init(requests: Int = 0, retries: Int = 0, waited: Duration = .zero) {
            (self.requests, self.retries, self.waited) = (requests, retries, waited)
        }
    }

    /// The pages of a listing that were seen, so that one that leads back ends.
    public struct Listing: Sendable {
        private var seen: Set<String> = []

        /// No page seen.
        public init() {}

        /// Takes a page and returns the target of the next one, `nil` if it is the last; throws if that was seen before.
        public mutating func next(after page: Answer) throws(HTTPFailure) -> String? {
            seen.insert(page.target)
            guard let next = page.next else { return nil }
            guard seen.insert(next).inserted else {
                throw .loop(place: page.place)
            }
            return next
        }
    }
}
