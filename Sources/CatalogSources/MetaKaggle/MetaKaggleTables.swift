import CSVStreaming

/// What the small files of Meta Kaggle say: data sets, names of owners, tags.
struct MetaKaggleTables {
    var datasets = DatasetFactsTable()
    var tally = MetaKaggleTally()
    private var users = NameTable(of: [])
    private var organizations = NameTable(of: [])
    private var tagPairs = TagPairs()
    private var tagNames = NameTable(of: [])
    private var hasTags = false

    init(_ folder: MetaKaggleFolder, _ progress: MetaKaggleProgress) throws {
        try readDatasets(MetaKagglePass(.datasets, of: folder, progress))
        let owners = datasets.owners(areOrganizations: false)
        users = try readNames(of: owners, MetaKagglePass(.users, of: folder, progress), .users)
        if folder.files.contains(.organizations) {
            let owners = datasets.owners(areOrganizations: true)
            organizations = try readNames(
                of: owners, MetaKagglePass(.organizations, of: folder, progress), .organizations)
        }
        if folder.files.isSuperset(of: [.datasetTags, .tags]) {
            hasTags = true
            try readTagPairs(MetaKagglePass(.datasetTags, of: folder, progress))
            tagNames = try readNames(of: tagPairs.allTags, MetaKagglePass(.tags, of: folder, progress), .tags)
        }
    }

    // MARK: - Answers

    /// The first part of a data set's reference; `nil` if nobody has the owner's number.
    func owner(of facts: DatasetFacts) -> String? {
        let name = facts.isOfOrganization ? organizations.name(of: facts.owner) : users.name(of: facts.owner)
        return name.flatMap { isReferencePart($0) ? $0 : nil }
    }

    /// The names of a data set's tags; `nil` if the files do not tell.
    func tags(of facts: DatasetFacts) -> [String]? {
        guard hasTags else { return nil }
        return tagPairs.tags(of: facts.id).compactMap(tagNames.name)
    }

    // MARK: - Reading

    private mutating func readDatasets(_ pass: consuming MetaKagglePass) throws {
        let columns = DatasetColumns(pass.reader.header)
        while try pass.next() {
            if let facts = columns.facts(pass.reader, &tally) {
                datasets.append(facts)
            }
        }
        tally.add(.columnCount, pass.reader.malformedCount)
        tally.add(.duplicate, datasets.finish())
    }

    private mutating func readNames(
        of ids: [UInt32], _ pass: consuming MetaKagglePass, _ file: MetaKaggleFile
    ) throws -> NameTable {
        var names = NameTable(of: ids)
        let columns = try pass.neededColumns(of: file)
        while try pass.next() {
            guard let id = tally.identifier(pass.reader.identifier(columns[0])) else { continue }
            names.take(id, columns[1], of: pass.reader)
        }
        tally.add(.columnCount, pass.reader.malformedCount)
        return names
    }

    private mutating func readTagPairs(_ pass: consuming MetaKagglePass) throws {
        let columns = try pass.neededColumns(of: .datasetTags)
        while try pass.next() {
            guard let dataset = tally.identifier(pass.reader.identifier(columns[0])),
                let tag = tally.identifier(pass.reader.identifier(columns[1]))
            else { continue }
            tagPairs.append(dataset: dataset, tag: tag)
        }
        tally.add(.columnCount, pass.reader.malformedCount)
        tagPairs.finish()
    }
}

/// Whether a name can be one of the two parts of a reference.
func isReferencePart(_ name: String) -> Bool {
    name.utf8.count <= NameTable.longestName && DatasetReference.isKaggle("\(name)/\(name)")
}
