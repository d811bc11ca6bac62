public import Compute
public import Tokenization

/// What a batch job needs of an encoder.
public protocol TextEncoder: Sendable {
    /// The number of components of a vector, H.
    var dimension: Int { get }

    /// Whether every vector has length 1.
    var normalizes: Bool { get }

    /// The device and the kernels in use, for reports.
    var deviceDescription: String { get }

    /// How exactly vectors are those of the reference.
    var precision: Precision { get }

    /// Texts with the vectors that they must get.
    var canaries: [Canary] { get }

    /// Turns a text that is to be stored into token ids, cut at the model's length limit, behind the model's prompt if it has
    /// one. Fast enough to be called while reading.
    func tokenize(_ text: String) -> TokenizedText

    /// Turns a text that is searched with into token ids, behind the model's prompt for those if it has one.
    func tokenizeQuery(_ text: String) -> TokenizedText

    /// Turns the text of a canary into token ids: the text alone, without a prompt.
    func tokenize(_ canary: Canary) -> TokenizedText

    /// Encodes texts; the result has one vector of ``dimension`` floats a text, in the same order.
    func encode(_ texts: [TokenizedText]) async throws -> [[Float]]
}

extension TextEncoder {
    /// As exactly as single precision allows.
    public var precision: Precision { .exact }

    /// None is known.
    public var canaries: [Canary] { [] }

    /// As a text that is stored.
    public func tokenizeQuery(_ text: String) -> TokenizedText { tokenize(text) }

    /// As any other text.
    public func tokenize(_ canary: Canary) -> TokenizedText { tokenize(canary.text) }
}
