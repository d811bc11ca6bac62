import Catalog
import FoundationEssentials

/// What an answer of Kaggle says of one dataset, in any of its forms.
struct KaggleItem: Decodable {
    private let tellsError: Bool
    private let reference, upstreamID, title, subtitle, description, license: String?
    private let tellsDescription: Bool
    private let downloads, views, likes, byteCount: Int64?
    private let usability: Double?
    private let tags: [String]?
    private let updated: Date?
    private let isPrivate: Bool
    private let valueFaults: [ItemFault]

    init(from decoder: any Decoder) throws {
        var answer = try LenientObject(decoder)
        tellsError = answer.text("errorMessage")?.isEmpty == false
        // Metadata stand in an object of their own, and have other names for some values.
        var values = answer.object("info") ?? answer
        reference =
            values.text("ref") ?? Self.reference(owner: values.text("ownerUser"), slug: values.text("datasetSlug"))
        upstreamID = values.count("id", "datasetId").flatMap { $0 == 0 ? nil : String($0) }
        title = values.text("title")
        subtitle = values.text("subtitle")
        description = values.text("description")
        tellsDescription = values.tells("description") || values.tells("descriptionNullable")
        license = values.names("licenseName", "licenses").map { RecordValues.license($0) ?? "" }
        downloads = values.count("downloadCount", "totalDownloads")
        views = values.count("viewCount", "totalViews")
        likes = values.count("voteCount", "totalVotes")
        byteCount = values.count("totalBytes")
        usability = values.fraction("usabilityRating")
        tags = values.names("tags", "keywords").map(RecordValues.tags)
        updated = values.date("lastUpdated")
        isPrivate = values.flag("isPrivate") == true
        valueFaults = values.faults
    }

    private static func reference(owner: String?, slug: String?) -> String? {
        guard let owner, let slug, !owner.isEmpty, !slug.isEmpty else { return nil }
        return "\(owner)/\(slug)"
    }

    // MARK: - Records

    /// The item of a listing, which is not the last word on a description that it does not have.
    func listedItem() -> SourceItem {
        item(called: reference) { record in
            let text = TextCleaning.description(description ?? "")
            record.isFinal = !text.isEmpty
            record.description = text.isEmpty ? nil : composedDescription
        }
    }

    /// The item of a view or of metadata, which has all that Kaggle says.
    func viewedItem(asked: String) -> SourceItem {
        item(called: reference ?? asked) { record in
            record.description = composedDescription.isEmpty && !tellsDescription ? nil : composedDescription
        }
    }

    /// The subtitle, a blank line and the description, as far as there are such.
    private var composedDescription: String {
        TextCleaning.description(TextCleaning.title(subtitle ?? "") + "\n\n" + (description ?? ""))
    }

    private func item(called reference: String?, describe: (inout CatalogRecord) -> Void) -> SourceItem {
        guard !tellsError else { return SourceItem(lost: .error, reference: reference) }
        guard let reference else { return SourceItem(lost: .withoutID) }
        guard DatasetReference.isKaggle(reference) else { return SourceItem(lost: .invalidID, reference: reference) }
        let title = TextCleaning.title(title ?? "")
        guard !title.isEmpty else { return SourceItem(lost: .withoutTitle, reference: reference) }
        // Built, since the answer's own `url` could lead anywhere.
        var record = CatalogRecord(
            .kaggle, reference, title: title, url: "https://www.kaggle.com/datasets/" + reference)
        record.upstreamID = upstreamID
        record.downloads = downloads
        record.views = views
        record.likes = likes
        record.usability = usability
        record.license = license
        record.tags = tags
        record.byteCount = byteCount
        record.updated = updated
        record.isActive = !isPrivate
        describe(&record)
        return SourceItem(record, valueFaults: valueFaults)
    }
}
