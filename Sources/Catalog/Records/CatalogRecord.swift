public import FoundationEssentials

/// Where datasets come from, under the names of the table's column `source`.
public enum DatasetSource: String, Sendable, CaseIterable {
    /// The Hugging Face Hub.
    case huggingFace = "huggingface"
    /// Kaggle.
    case kaggle
}

/// What a source says of one dataset, cleaned and in the form of the table's columns.
///
/// `nil` is what this answer of the source does not tell, so that what is stored stays; an empty text or list is what the source
/// tells to be empty, and is stored as NULL.
public struct CatalogRecord: Sendable, Equatable {
    /// The source.
    public let source: DatasetSource
    /// What the source calls it, `owner/name` or `name` alone; compared exactly.
    public let reference: String
    /// The source's own identifier, which stays when the reference changes.
    public var upstreamID: String?
    /// The title, 1 to 2,048 characters.
    public let title: String
    /// The description, at most 100,000 characters.
    public var description: String?
    /// Whether the source has no better description to give: a row without one then is done with its title alone.
    public var isFinal = true
    /// Where a person can look at it.
    public let url: String
    /// How often it has been downloaded, looked at and liked since it exists, 0 to 2⁵³.
    public var downloads, views, likes: Int64?
    /// How well it is described, 0 to 1.
    public var usability: Double?
    /// The licences' names, joined by a comma and a blank.
    public var license: String?
    /// At most 64 tags of 100 characters.
    public var tags: [String]?
    /// Its size.
    public var byteCount: Int64?
    /// When it was first published and last changed.
    public var created, updated: Date?
    /// Whether the source shows it to everybody.
    public var isActive = true

    /// Names a dataset, of which nothing else is told yet.
    public init(_ source: DatasetSource, _ reference: String, title: String, url: String) {
        self.source = source
        self.reference = reference
        self.title = title
        self.url = url
    }
}
