import CSVStreaming

/// The columns of `Datasets.csv`.
struct DatasetColumns {
    private let id, version, user, organization, created, views, downloads, votes: Int?

    init(_ header: CSVHeader) {
        id = header.column("Id")
        version = header.column("CurrentDatasetVersionId")
        user = header.column("OwnerUserId")
        organization = header.column("OwnerOrganizationId")
        created = header.column("CreationDate")
        views = header.column("TotalViews")
        downloads = header.column("TotalDownloads")
        votes = header.column("TotalVotes")
    }

    /// What the present record says; `nil`, and counted, if no record can come of it.
    func facts(_ reader: borrowing CSVReader, _ tally: inout MetaKaggleTally) -> DatasetFacts? {
        guard let id = tally.identifier(reader.identifier(id)) else { return nil }
        guard let version = tally.identifier(reader.identifier(version), ifEmpty: .danglingVersion) else { return nil }
        let organization = tally.value(reader.identifier(organization), else: .badNumber)
        guard let owner = organization ?? tally.identifier(reader.identifier(user), ifEmpty: .danglingOwner) else {
            return nil
        }
        return DatasetFacts(
            version: version, id: id, owner: owner, isOfOrganization: organization != nil,
            created: tally.value(reader.date(created), else: .badDate) ?? DatasetFacts.none,
            views: tally.value(reader.number(views), else: .badNumber) ?? DatasetFacts.none,
            downloads: tally.value(reader.number(downloads), else: .badNumber) ?? DatasetFacts.none,
            votes: tally.value(reader.number(votes), else: .badNumber) ?? DatasetFacts.none)
    }
}
