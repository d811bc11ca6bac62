/// Why a row of Meta Kaggle gives no record, or only a part of one, under the code of the run's report.
public enum MetaKaggleDefect: String, Error, Sendable, CaseIterable {
    /// Nobody has the owner's number.
    case danglingOwner = "dangling_owner"
    /// The data set has no current version, or nothing is told of it.
    case danglingVersion = "dangling_version"
    /// The row has another number of fields than its file's header.
    case columnCount = "column_count"
    /// A text is not UTF-8.
    case notUTF8 = "not_utf8"
    /// The title is empty.
    case noTitle = "no_title"
    /// The last part of the reference is empty, or cannot be one.
    case noSlug = "no_slug"
    /// A row before had the same number.
    case duplicate
    /// A number is none, negative, or above 2⁵³. If it is no identifier, the record is made without it.
    case badNumber = "bad_number"
    /// A date is none, or not in this millennium's past. The record is made without it.
    case badDate = "bad_date"
}

/// How often each defect was met.
struct MetaKaggleTally {
    private(set) var counts: [MetaKaggleDefect: Int] = [:]

    mutating func add(_ defect: MetaKaggleDefect, _ count: Int = 1) {
        guard count > 0 else { return }
        counts[defect, default: 0] += count
    }

    /// The value of a field, if it tells one; a field that is not usable is counted.
    mutating func value<Value>(_ field: MetaKaggleField<Value>, else defect: MetaKaggleDefect) -> Value? {
        switch field {
        case .empty: return nil
        case .value(let value): return value
        case .unusable:
            add(defect)
            return nil
        }
    }

    /// The identifier in a field that has to have one; a field without is counted.
    mutating func identifier(
        _ field: MetaKaggleField<UInt32>, ifEmpty defect: MetaKaggleDefect = .badNumber
    ) -> UInt32? {
        if field == .empty { add(defect) }
        return value(field, else: .badNumber)
    }
}
