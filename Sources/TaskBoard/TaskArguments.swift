public import DatasetTable
import FoundationEssentials

/// What a run that works on a task is told.
public struct TaskArguments: Sendable, Equatable {
    /// The most rows that a batch of a task may have.
    public static let mostRowsOfBatch = 1000

    /// Most rows of a batch.
    public let batchSize: Int
    /// Most rows to attempt; `nil` for all.
    public let limit: Int?

    /// Takes a batch size from 1 to ``mostRowsOfBatch`` and a limit from 1; throws a `RunFailure` of the reason `usage` for
    /// others.
    public init(batchSize: Int = 100, limit: Int? = nil) throws(RunFailure) {
        guard (1...Self.mostRowsOfBatch).contains(batchSize) else {
            throw RunFailure(
                .usage, "the batch size of a task is \(batchSize); it must be 1 to \(Self.mostRowsOfBatch)")
        }
        guard (1...Int(Int32.max)).contains(limit ?? 1) else {
            throw RunFailure(.usage, "the limit of a task is \(limit ?? 0); it must be 1 or more")
        }
        (self.batchSize, self.limit) = (batchSize, limit)
    }

    /// Reads what the board holds; `nil` for what no task of this version has.
    init?(json: String) {
        struct Fields: Decodable { let batch_size, limit: Int? }
        guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(json.utf8)),
            let arguments = try? TaskArguments(batchSize: fields.batch_size ?? 100, limit: fields.limit)
        else { return nil }
        self = arguments
    }

    /// An object of JSON, the same for the same arguments.
    public var json: String {
        JSONLine.object(
            [("batch_size", JSONLine.number(batchSize))] + (limit.map { [("limit", JSONLine.number($0))] } ?? []))
    }
}
