import DatasetTable

/// Where a change of the model stands: what `embedding-job backfill plan` prints.
public struct ModelChangePlan: Sendable, Equatable {
    /// How far the change has come.
    public enum Stage: String, Sendable {
        /// There is no column for the model yet.
        case notBegun = "not_begun"
        /// Rows are without a vector of the model, or have one of an earlier text.
        case filling
        /// All rows have their vector; a search index is missing or not valid.
        case notIndexed = "not_indexed"
        /// The cutover can come.
        case ready
        /// The column serves, and rows that were edited around the swap wait.
        case settling
        /// The column serves; the old one is still there.
        case cutOver = "cut_over"
        /// The model serves, and nothing is left of another.
        case complete
        /// A column stands where the cutover would put the present one.
        case blocked

        /// The same for people.
        var words: String {
            switch self {
            case .notBegun: "not begun"
            case .filling: "filling"
            case .notIndexed: "filled, not indexed"
            case .ready: "ready for the cutover"
            case .settling: "cut over, rows wait"
            case .cutOver: "cut over"
            case .complete: "complete"
            case .blocked: "blocked"
            }
        }
    }

    /// What is to be said about one thing.
    public struct Detail: Sendable, Equatable {
        /// The thing.
        public let name: String
        /// What is to be said.
        public let value: String
    }

    /// The stage.
    public internal(set) var stage = Stage.notBegun
    /// The command that comes next; `nil` if there is none.
    public internal(set) var next: String?
    /// Everything for people, in order.
    public internal(set) var details: [Detail] = []
    /// Rows that wait for a vector.
    public internal(set) var rows = 0
    /// Tokens of these rows, by a sample.
    public internal(set) var tokens = 0
    /// How long one process like this one would take.
    public internal(set) var time = Duration.zero
    /// Bytes that the new column and its index take.
    public internal(set) var bytes = 0
    /// The name of the new column.
    public internal(set) var column = ""

    /// One line of JSON without a line feed.
    public var json: String {
        JSONLine.object([
            ("stage", JSONLine.text(stage.rawValue)), ("next", JSONLine.text(next)),
            ("column", JSONLine.text(column)), ("rows", JSONLine.number(rows)), ("tokens", JSONLine.number(tokens)),
            ("seconds", JSONLine.number(Int((time / .seconds(1)).rounded(.up)))), ("bytes", JSONLine.number(bytes)),
        ])
    }
}
