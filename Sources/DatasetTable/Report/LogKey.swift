package import Logging

/// Every key of this module's log metadata.
package enum LogKey: String {
    case assigned, batch, code, column, cosine, count, database, dependents, device, duplicates, empty, error, eta
    case failed, failure, fingerprint
    case index, largestError = "largest_error", limit, lockWait = "lock_wait_ms", model, outdated, pending, percent,
        phase
    case processed
    case refusedBy = "refused_by", remedy, removed, row, rows, rowsPerSecond = "rows_per_second", seconds
    case skippedLocked = "skipped_locked"
    case skippedStale = "skipped_stale", status, statuses, swap = "swap_ms", threads, tokens, tokensLost = "tokens_lost"
    case table, tables
    case tokensPerSecond = "tokens_per_second", triggers, truncated, unassigned, undecodable, version
}

extension Logger {
    /// Sets metadata by key.
    package subscript(key: LogKey) -> Logger.Metadata.Value? {
        get { self[metadataKey: key.rawValue] }
        set { self[metadataKey: key.rawValue] = newValue }
    }
}

/// Metadata from keys of ``LogKey``.
package func metadata(_ values: KeyValuePairs<LogKey, String>) -> Logger.Metadata {
    Logger.Metadata(values.map { ($0.rawValue, .string($1)) }) { $1 }
}

extension Logger {
    /// For lookups whose warnings somebody else has had.
    package static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
