import Catalog
package import FoundationEssentials

/// The listing of the Hugging Face Hub.
package enum HuggingFace {
    /// What the listing is asked for; the answer has only this and the ids.
    private static let expansions = [
        "cardData", "createdAt", "description", "disabled", "downloadsAllTime", "gated", "lastModified", "likes",
        "private", "tags", "usedStorage",
    ]

    /// What comes first in a listing; the Hub knows descending orders only.
    package enum Order: String, Sendable {
        /// What was changed last.
        case lastModified
        /// What was published last: nothing moves while a listing is read.
        case createdAt
    }

    /// The path and query of the listing's first page; each answer links to the next page.
    package static func listingTarget(limit: Int, order: Order) -> String {
        "/api/datasets?sort=\(order.rawValue)&limit=\(limit)" + expansions.map { "&expand=\($0)" }.joined()
    }

    /// Decodes a page of the listing; dates later than a day from `now` are left out.
    package static func page(_ body: [UInt8], now: Date) throws(SourceBodyError) -> SourcePage {
        SourcePage(try JSONItems(body).items.map { item($0, now: now) })
    }

    /// Decodes one item of the listing.
    static func item(_ bytes: ArraySlice<UInt8>, now: Date) -> SourceItem {
        ItemDecoding.decode(HuggingFaceItem.self, from: bytes, now: now)?.item ?? SourceItem(lost: .malformed)
    }
}

/// An item of the listing.
private struct HuggingFaceItem: Decodable {
    let item: SourceItem

    init(from decoder: any Decoder) throws {
        var object = try LenientObject(decoder)
        guard let id = object.text("id") else {
            item = SourceItem(lost: .withoutID)
            return
        }
        guard DatasetReference.isHuggingFace(id) else {
            item = SourceItem(lost: .invalidID, reference: id)
            return
        }
        var card = object.object("cardData")
        var record = CatalogRecord(
            .huggingFace, id, title: Self.title(card?.text("pretty_name"), id: id),
            url: "https://huggingface.co/datasets/" + DatasetReference.percentEncoded(id))
        record.upstreamID = object.identifier("_id")
        record.description = Self.description(&object, &card)
        // `downloads` counts the last 30 days only.
        record.downloads = object.count("downloadsAllTime")
        record.likes = object.count("likes")
        let tags = object.names("tags")
        record.license = Self.license(card?.names("license"), tags: tags, isTold: card != nil || tags != nil)
        record.tags = tags.map { Self.tags($0, isGated: Self.isGated(object)) }
        record.byteCount = object.count("usedStorage")
        record.created = object.date("createdAt").flatMap { $0 == Self.standInCreation ? nil : $0 }
        record.updated = object.date("lastModified")
        record.isActive = object.flag("private") != true && object.flag("disabled") != true
        item = SourceItem(record, valueFaults: object.faults + (card?.faults ?? []))
    }

    /// What all repositories say that are older than the record of their creation.
    private static let standInCreation = Timestamp.date("2022-03-02T23:29:04.000Z")

    // MARK: - Texts

    /// The card's title, else the name in the id with blanks for `-` and `_`, else that name as it is.
    private static func title(_ prettyName: String?, id: String) -> String {
        let name = id.split(separator: "/").last.map(String.init) ?? id
        let words = String(name.map { $0 == "-" || $0 == "_" ? " " : $0 })
        let titles = [prettyName ?? "", words].map(TextCleaning.title)
        return titles.first { !$0.isEmpty } ?? name
    }

    /// The teaser, else the card's description; empty if the answer has the teaser's member, but no text in either.
    private static func description(_ object: inout LenientObject, _ card: inout LenientObject?) -> String? {
        let isTold = object.tells("description")
        let texts = [object.text("description"), card?.text("description")].compactMap(\.self)
        let cleaned = texts.map(TextCleaning.description).first { !$0.isEmpty }
        return cleaned ?? (isTold ? "" : nil)
    }

    // MARK: - Tags

    private static let licensePrefix = "license:"
    /// The prefixes of tags that say what other columns say, or nothing about the content.
    private static let leftOutPrefixes = [licensePrefix, "doi:", "arxiv:", "region:"]

    private static func license(_ licenses: [String]?, tags: [String]?, isTold: Bool) -> String? {
        let tagged = tags?.filter { $0.hasPrefix(licensePrefix) }.map { String($0.dropFirst(licensePrefix.count)) }
        return RecordValues.license(licenses ?? []) ?? RecordValues.license(tagged ?? []) ?? (isTold ? "" : nil)
    }

    private static func tags(_ tags: [String], isGated: Bool) -> [String] {
        let kept = tags.filter { tag in !leftOutPrefixes.contains { tag.hasPrefix($0) } }
        return RecordValues.tags((isGated ? ["gated"] : []) + kept)
    }

    /// Whether people have to ask for the data: `gated` is `false`, `"auto"` or `"manual"`.
    private static func isGated(_ object: LenientObject) -> Bool {
        // Copied, since either type is right.
        var object = object
        return object.flag("gated") ?? object.text("gated").map { !["", "false"].contains($0) } ?? false
    }
}
