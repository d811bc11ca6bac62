package import Catalog

/// What can be wrong with an item or a value of one; its raw value stands in reports.
package enum ItemFault: String, Sendable {
    /// The item is lost: it is no object, or no JSON.
    case malformed = "item_malformed"
    /// The item is lost: it does not tell what it is called.
    case withoutID = "item_without_id"
    /// The item is lost: what it is called cannot be a name of the source.
    case invalidID = "id"
    /// The item is lost: it has no title.
    case withoutTitle = "item_without_title"
    /// The item is lost: the answer tells an error instead.
    case error = "error"
    /// A date is none, or lies before 2000 or in the future.
    case date = "date"
    /// A number is none, negative or too large.
    case number = "number"
    /// Another value has a type that it cannot have.
    case type = "type"
}

/// One item of an answer, decoded.
package struct SourceItem: Sendable, Equatable {
    /// The item as a record; `nil` if it is lost.
    package let record: CatalogRecord?
    /// What the source calls it, valid or not, as far as it can be told.
    package let reference: String?
    /// Why it is lost; `nil` if it is not.
    package let loss: ItemFault?
    /// What is wrong with single values, which the record then leaves out.
    package let valueFaults: [ItemFault]

    init(_ record: CatalogRecord, valueFaults: [ItemFault] = []) {
        self.record = record
        self.valueFaults = valueFaults
        reference = record.reference
        loss = nil
    }

    /// An item that is lost.
    init(lost loss: ItemFault, reference: String? = nil) {
        self.loss = loss
        // A name that is none may be long and hold anything.
        self.reference = reference.map { reference in
            let scalars = TextCleaning.title(reference).unicodeScalars.prefix(DatasetReference.maximumLength)
            return String(String.UnicodeScalarView(scalars))
        }
        record = nil
        valueFaults = []
    }
}

/// One page of a listing, decoded item by item.
package struct SourcePage: Sendable, Equatable {
    /// An item that is lost: what the source calls it, if it can be told, and why.
    package struct LostItem: Sendable, Equatable {
        /// What the source calls it.
        package let reference: String?
        /// Why it is lost.
        package let code: String
    }

    /// How many of the lost items are kept.
    package static let maximumFirstFaulty = 10

    /// The items that are not lost.
    package private(set) var records: [CatalogRecord] = []
    /// How often each fault occurs, by its code.
    package private(set) var faults: [String: Int] = [:]
    /// The number of items on the page.
    package let itemCount: Int
    /// The number of those that are lost.
    package private(set) var faultyItems = 0
    /// The first of the lost items.
    package private(set) var firstFaulty: [LostItem] = []
    /// What the next page is asked for with, where the source says so in the body.
    package let nextPageToken: String?

    init(_ items: [SourceItem], nextPageToken: String? = nil) {
        itemCount = items.count
        self.nextPageToken = nextPageToken
        for item in items {
            for fault in item.valueFaults + [item.loss].compactMap(\.self) {
                faults[fault.rawValue, default: 0] += 1
            }
            if let record = item.record { records.append(record) }
            if let loss = item.loss {
                faultyItems += 1
                firstFaulty.append(LostItem(reference: item.reference, code: loss.rawValue))
            }
        }
        firstFaulty = Array(firstFaulty.prefix(Self.maximumFirstFaulty))
    }

    /// Whether so many items are lost, over a fifth of at least 20, that the source's format has changed.
    package var isFormatChanged: Bool {
        itemCount >= 20 && faultyItems * 5 > itemCount
    }
}
