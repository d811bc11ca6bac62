/// The table and columns of a run, as the user names them; the server's catalog quotes them.
public struct DatasetNames: Sendable, Equatable {
    /// The table, on the search path or as `schema.table`.
    public var table = "datasets"
    /// The unique key.
    public var id = "id"
    /// The title, which enters the model's input twice.
    public var title = "title"
    /// The description.
    public var description = "description"
    /// The column that says how far a row has come.
    public var status = "enrichment_status"
    /// The status of a row that is ready to be embedded.
    public var statusValue = "enriched"
    /// The boolean that takes a row out of service.
    public var active = "is_active"
    /// The vector column that is written.
    public var column = "embedding"
    /// Its tags, an array or a text: only searched for, and may be missing.
    public var tags = "tags"
    /// Where it comes from: only searched for, and may be missing.
    public var source = "source"
    /// What the source calls it, perhaps `owner/name`: only searched for, and may be missing.
    public var sourceRef = "source_ref"
    /// When a row was created: only reported, and may be missing.
    public var created = "created_at"

    /// The original system's names.
    public init() {}
}
