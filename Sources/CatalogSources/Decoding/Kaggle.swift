package import FoundationEssentials

/// The listing of Kaggle's datasets and the views of single ones.
package enum Kaggle {
    /// The path and query of a page of the listing, last changed first.
    ///
    /// - Parameter page: The number of the page, from 1.
    package static func listingTarget(page: Int) -> String {
        listing + String(page)
    }

    private static let listing = "/api/v1/datasets/list?sortBy=updated&page="

    /// The number of the page that a target is of; `nil` if it is of none.
    package static func page(ofTarget target: String) -> Int? {
        target.hasPrefix(listing) ? Int(target.dropFirst(listing.count)) : nil
    }

    /// The path of a dataset's view; `nil` if the reference cannot be one of Kaggle's.
    package static func viewTarget(_ reference: String) -> String? {
        guard DatasetReference.isKaggle(reference) else { return nil }
        return "/api/v1/datasets/view/" + DatasetReference.percentEncoded(reference)
    }

    /// Decodes a page of the listing; dates later than a day from `now` are left out.
    ///
    /// The older interface answers with an array, the newer one with an object around it.
    package static func page(_ body: [UInt8], now: Date) throws(SourceBodyError) -> SourcePage {
        let answer = try JSONItems(body, member: "datasets")
        let items = answer.items.map { bytes in
            decoded(bytes, now: now) { $0.listedItem() }
        }
        let token = (answer.members["nextPageToken"] ?? answer.members["nextPageTokenNullable"])
            .flatMap { ItemDecoding.decode(String.self, from: $0, now: now) }
        return SourcePage(items, nextPageToken: token?.isEmpty == true ? nil : token)
    }

    /// Decodes the view of one dataset, or its metadata, `{"info": {…}, "errorMessage": …}`.
    ///
    /// - Parameters:
    ///   - body: The body of the answer.
    ///   - reference: What was asked for, which the record keeps if the answer does not tell its own reference.
    ///   - now: The current time; dates later than a day from it are left out.
    package static func view(
        _ body: [UInt8], of reference: String, now: Date
    ) throws(SourceBodyError) -> SourceItem {
        if let refusal = SourceBodyError(refusing: try JSONScanner.members(of: body)) { throw refusal }
        let object = body.drop { $0 != UInt8(ascii: "{") }
        return decoded(object, now: now) { $0.viewedItem(asked: reference) }
    }

    private static func decoded(
        _ bytes: ArraySlice<UInt8>, now: Date, _ item: (KaggleItem) -> SourceItem
    ) -> SourceItem {
        ItemDecoding.decode(KaggleItem.self, from: bytes, now: now).map(item) ?? SourceItem(lost: .malformed)
    }
}
