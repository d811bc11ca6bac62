/// What became of the records that a source has told.
public struct CatalogCounts: Sendable, Equatable {
    /// Rows that were made.
    public var inserted = 0
    /// Rows that were changed.
    public var updated = 0
    /// Rows that had nothing new.
    public var unchanged = 0
    /// Rows whose text changed, so that they wait for a new vector.
    public var textChanged = 0
    /// Rows that were taken out of service.
    public var deactivated = 0
    /// Records that could not be stored, by the SQLSTATE or another code.
    public var failed: [String: Int] = [:]

    /// Nothing yet.
    public init() {}
}
