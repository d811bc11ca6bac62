import DatasetTable
import Logging
import Postgres

/// A row as read for encoding.
struct DatasetRow: Sendable {
    let key: RowKey
    /// The key as text, for messages.
    let label: String
    /// The shard the key belongs to.
    let shard: Int32
    /// The model's input; `nil` when the row has nothing to embed, or what it has is not text.
    let source: String?
    /// Whether the row's bytes are UTF-8; only a database that has no encoding holds others.
    let isDecodable: Bool
    /// SHA-256 of the input, computed by the server; empty if the server cannot read the row.
    ///
    /// The write compares it with the row's input at that moment.
    let fingerprint: Fingerprint
    /// Whether a column was longer than the template takes.
    let isCut: Bool
}

extension DatasetRow {
    /// Takes over what `read.sql` and its relatives return.
    init(_ row: PostgresRow) throws(PostgresError) {
        key = try row.key("id")
        label = try row.printable("label")
        shard = try row.shard("shard")
        let text = String(validating: try row.bytes("source"), as: UTF8.self)
        isDecodable = text != nil
        source = text?.isEmpty == true ? nil : text
        fingerprint = try row.fingerprint("fingerprint")
        isCut = try row.bool("cut")
    }
}

extension DatasetRow {
    /// A row that the server cannot read, by what `label.sql` returns.
    init(unreadable row: PostgresRow) throws(PostgresError) {
        key = try row.key("id")
        label = try row.printable("label")
        shard = try row.shard("shard")
        (source, isDecodable, fingerprint, isCut) = (nil, false, Fingerprint([]), false)
    }
}

/// A row with a checked vector, ready to be written.
struct EncodedRow: Sendable {
    let row: DatasetRow
    let vector: [Float]
    /// How many tokens the model read.
    let tokens: Int
    /// How many tokens of the input the model did not read; what the template cut off is not among them.
    let tokensLost: Int
    /// Whether the model read less than the whole text.
    let isTruncated: Bool
    /// Whether the vector was taken over from another row with the same tokens.
    let isReused: Bool
}

/// A row that is to blame, and why.
struct FailedRow: Sendable {
    let row: DatasetRow
    let failure: RowFailure
    /// What was found, such as an SQLSTATE: never text of the row.
    let code: String
    /// The constraint, column or table that refuses the row, if the server names one.
    var refusedBy: String?

    /// The row was updated and does not hold the vector, or no longer: a trigger, or somebody else, takes it away.
    static let undone = "UNDONE"
    /// A trigger keeps the row from being updated.
    static let suppressed = "SUPPRESSED"
    /// A policy of row-level security keeps this role from updating the row.
    static let denied = "POLICY"

    /// What the log says of it.
    var logMetadata: Logger.Metadata {
        var values = metadata([.row: row.label, .failure: failure.rawValue, .code: code])
        values[LogKey.refusedBy.rawValue] = refusedBy.map { "\($0)" }
        return values
    }
}

/// The kinds of failure of a row; the raw values stand in the ledger.
enum RowFailure: String, Sendable {
    /// Title and description are missing, blank, or leave no token.
    case empty = "EMPTY"
    /// Title or description is not UTF-8, in a database that has no encoding.
    case encoding = "ENCODING"
    /// The server cannot read this row: a column that it computes, a character that it cannot convert, a damaged page.
    case read = "READ"
    /// The encoder failed on this text alone, and works otherwise.
    case encoder = "ENCODER"
    /// The vector is not finite, has the wrong length or is not normalized.
    case vector = "VECTOR"
    /// The database refuses this row's write: a trigger, a check, a policy, a value.
    case write = "WRITE"

    /// Whether another row with the same text would fail like this one, unless the model is at fault.
    var isOfEncoder: Bool { self == .encoder || self == .vector }

    /// Whether the server refuses the row, so that many of them may be the fault of the table.
    var isOfDatabase: Bool { self == .read || self == .write }
}

extension FailedRow {
    /// A row that the database refuses.
    init(row: DatasetRow, failure: RowFailure, _ error: PostgresError) {
        self.init(row: row, failure: failure, code: error.sqlState?.code ?? "UNKNOWN")
        if case .serverError(let error) = error { refusedBy = error.subject }
    }
}

/// A batch after encoding: every row that was read is in one of the two lists.
struct EncodedBatch: Sendable {
    var rows: [EncodedRow] = []
    var failures: [FailedRow] = []

    /// Whether a row has no vector that should have one, or is to be blamed, so that it may be another table or column that
    /// is looked at.
    func exceeds(_ written: Set<RowKey>) -> Bool {
        written.count < rows.count || !failures.isEmpty
    }

    /// Rows that the encoder has had to do with: a row without text costs nothing, however many there are.
    var encodedCount: Int { rows.count + failures.count { $0.failure.isOfEncoder } }
}
