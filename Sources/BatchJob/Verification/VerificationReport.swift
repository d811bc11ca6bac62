public import DatasetTable

/// How many eligible rows have a vector that was made from what, by the table `embedding_state`.
public struct VectorStates: Sendable, Equatable {
    /// From the text as it is now, by the model asked about.
    public var current = 0
    /// From an earlier text, by that model.
    public var stale = 0
    /// By another model.
    public var foreign = 0
    /// Nobody knows: the state table has no entry.
    public var unknown = 0

    /// No vectors.
    public init() {}
}

/// What a verification found; ``json`` is the one line on standard output.
public struct VerificationReport: Sendable, Equatable {
    /// Compared rows whose vector is the one of their text, within 1e-5 in every component.
    public internal(set) var exact = 0
    /// Compared rows whose vector is the one of their text within 5e-4: that of the other precision.
    public internal(set) var close = 0
    /// Compared rows whose vector is not the one of their text, each named in the log.
    public internal(set) var different = 0
    /// All eligible rows with a vector by origin; `nil` without a state table.
    public internal(set) var states: VectorStates?
    /// The cosine of the stored vector farthest from its text's; `nil` if nothing was compared.
    public internal(set) var smallestCosine: Double?
    /// The largest difference between a component as stored in a `halfvec` column and as the model gives it; `nil` if the
    /// column has single precision, or no vector was exact or close.
    public internal(set) var roundingError: Float?
    /// The name of the model folder.
    public var model: String?
    /// The model fingerprint in full, hexadecimal.
    public var fingerprint: String?
    /// Why the verification ended.
    public var exitReason = ExitReason.verified

    /// Whether the whole sample was looked at, whatever was found.
    var isComplete: Bool { [.verified, .findings].contains(exitReason) }

    /// Nothing verified yet.
    public init() {}

    /// Rows that were encoded again and compared.
    public var checked: Int { exact + close + different }

    /// Whether a vector is not what a run would write today; one of unknown origin may well be.
    var hasFindings: Bool { different > 0 || (states.map { $0.stale + $0.foreign } ?? 0) > 0 }

    /// One line of JSON, keys in a fixed order, unknown values `null`, without a line feed.
    public var json: String {
        // Rounded down, so that what is below the bound is not printed as the bound.
        let cosine = smallestCosine.map { ($0 * 1e7).rounded(.down) / 1e7 }
        return JSONLine.object([
            ("checked", JSONLine.number(checked)), ("exact", JSONLine.number(exact)),
            ("close", JSONLine.number(close)), ("different", JSONLine.number(different)),
            ("current", JSONLine.number(states?.current)),
            ("stale", JSONLine.number(states?.stale)), ("foreign", JSONLine.number(states?.foreign)),
            ("unknown", JSONLine.number(states?.unknown)), ("smallest_cosine", JSONLine.number(cosine)),
            ("rounding_error", JSONLine.number(roundingError)),
            ("model", JSONLine.text(model)), ("fingerprint", JSONLine.text(fingerprint)),
            ("exit_reason", JSONLine.text(exitReason.rawValue)),
        ])
    }
}
