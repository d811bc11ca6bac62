/// Which cosine similarities of a model mean nothing, and which mean a match; `Scripts/calibrate-search` measures them.
///
/// A similarity is then worth (cos − random) / (match − random), kept between 0 and 1, whatever else was found.
public struct SearchCalibration: Sendable, Equatable {
    /// The mean cosine of a question and a text that have nothing to do with each other.
    public let random: Double
    /// The cosine that one in twenty exceeds of the pairs of a question and a text that is exactly what was asked for.
    public let match: Double

    /// Below this distance there is nothing to tell apart.
    private static let leastDistance = 0.01

    /// Takes two cosines; `nil` if a match is not more similar than any other text.
    public init?(random: Double, match: Double) {
        guard (-1...1).contains(random), (-1...1).contains(match), match - random >= Self.leastDistance else {
            return nil
        }
        (self.random, self.match) = (random, match)
    }
}

extension SearchCalibration {
    /// Those of models that this program knows, by the fingerprint of the model alone.
    static let builtIn: [String: SearchCalibration] = [
        // all-MiniLM-L6-v2
        "dfcf640914a22865182ad1ce8603a8508a35aa2d6d0d968c6a050a73f5eccea9":
            SearchCalibration(random: 0.057, match: 0.693)
    ].compactMapValues(\.self)

    /// Reads that of `search.json`: an object with `a`, the cosine that means nothing, and `b`, the one that means a match.
    static func read(_ reader: FolderReader, file: String) throws(SentenceEncodingError) -> SearchCalibration? {
        guard reader.has(file) else { return nil }
        let settings = try reader.settings(file)
        guard let random = try settings.number("a") else { throw settings.malformed("a", "a cosine") }
        guard let match = try settings.number("b"), let calibration = SearchCalibration(random: random, match: match)
        else { throw settings.malformed("b", "a cosine, greater than a by 0.01 or more") }
        return calibration
    }
}
