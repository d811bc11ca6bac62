import Catalog
import CSVStreaming
import FoundationEssentials

/// Makes records of the rows of `DatasetVersions.csv`.
struct MetaKaggleVersions: ~Copyable {
    private(set) var tables: MetaKaggleTables
    private var pass: MetaKagglePass
    private let id, title, slug, subtitle, description, license, created, compressed, uncompressed: Int?

    init(_ tables: consuming MetaKaggleTables, _ pass: consuming MetaKagglePass) {
        let header = pass.reader.header
        id = header.column("Id")
        title = header.column("Title")
        slug = header.column("Slug")
        subtitle = header.column("Subtitle")
        description = header.column("Description")
        license = header.column("LicenseName")
        created = header.column("CreationDate")
        compressed = header.column("TotalCompressedBytes")
        uncompressed = header.column("TotalUncompressedBytes")
        self.tables = tables
        self.pass = pass
    }

    /// How many rows so far had another number of fields than the header.
    var malformedCount: Int { pass.reader.malformedCount }

    /// Where the first of them begins.
    var firstMalformedOffset: Int64? { pass.reader.firstMalformedOffset }

    /// Goes on to the next row that is the current version of a data set; `nil` at the end of the file.
    mutating func next() throws -> (item: MetaKaggle.Item, end: Int64)? {
        while try pass.next() {
            guard let version = tables.tally.identifier(pass.reader.identifier(id)),
                let index = tables.datasets.index(ofVersion: version)
            else { continue }
            return (item(at: index), pass.reader.recordRange.upperBound)
        }
        return nil
    }

    private mutating func item(at index: Int) -> MetaKaggle.Item {
        do throws(MetaKaggleDefect) {
            return .record(try record(at: index))
        } catch {
            tables.tally.add(error)
            return .skipped(error)
        }
    }

    private mutating func record(at index: Int) throws(MetaKaggleDefect) -> CatalogRecord {
        let facts = tables.datasets[index]
        guard !facts.isSeen else { throw .duplicate }
        tables.datasets.markSeen(index)
        let title = TextCleaning.title(try text(title))
        guard !title.isEmpty else { throw .noTitle }
        let slug = try text(slug)
        guard isReferencePart(slug) else { throw .noSlug }
        guard let owner = tables.owner(of: facts) else { throw .danglingOwner }

        let reference = "\(owner)/\(slug)"
        let url = "https://www.kaggle.com/datasets/\(reference)"
        var record = CatalogRecord(.kaggle, reference, title: title, url: url)
        record.upstreamID = String(facts.id)
        try addTexts(to: &record)
        record.tags = tables.tags(of: facts)?.map(cleanTag).filter { !$0.isEmpty }
        addNumbers(to: &record, facts)
        return record
    }

    private func addTexts(to record: inout CatalogRecord) throws(MetaKaggleDefect) {
        let parts = [TextCleaning.description(try text(subtitle)), TextCleaning.description(try text(description))]
        let told = parts.filter { !$0.isEmpty }
        // Both together may be longer than a description may be.
        record.description = told.isEmpty ? nil : TextCleaning.description(told.joined(separator: "\n\n"))
        record.isFinal = !told.isEmpty
        let license = TextCleaning.title(try text(license))
        record.license = license.isEmpty ? nil : license
    }

    private mutating func addNumbers(to record: inout CatalogRecord, _ facts: DatasetFacts) {
        record.views = facts.views == DatasetFacts.none ? nil : facts.views
        record.downloads = facts.downloads == DatasetFacts.none ? nil : facts.downloads
        record.likes = facts.votes == DatasetFacts.none ? nil : facts.votes
        record.byteCount =
            tables.tally.value(pass.reader.number(uncompressed), else: .badNumber)
            ?? tables.tally.value(pass.reader.number(compressed), else: .badNumber)
        record.created = facts.created == DatasetFacts.none ? nil : Date(timeIntervalSince1970: Double(facts.created))
        record.updated = tables.tally.value(pass.reader.date(created), else: .badDate)
            .map { Date(timeIntervalSince1970: Double($0)) }
    }

    /// The text of a column, empty if the file does not have it.
    private func text(_ column: Int?) throws(MetaKaggleDefect) -> String {
        guard let column else { return "" }
        guard let text = pass.reader.text(column) else { throw .notUTF8 }
        return text
    }
}

/// A tag's name, shortened to what a tag may have.
private func cleanTag(_ name: String) -> String {
    String(TextCleaning.title(name).prefix(100))
}
