/// The files of Meta Kaggle that are read, under their names.
enum MetaKaggleFile: String, CaseIterable {
    case datasets = "Datasets.csv"
    case users = "Users.csv"
    case organizations = "Organizations.csv"
    case datasetTags = "DatasetTags.csv"
    case tags = "Tags.csv"
    case versions = "DatasetVersions.csv"

    /// The columns that must be there; all others come and go over the years.
    var neededColumns: [String] {
        switch self {
        case .datasets: ["Id", "OwnerUserId", "CurrentDatasetVersionId"]
        case .users: ["Id", "UserName"]
        case .organizations: ["Id", "Slug"]
        case .datasetTags: ["DatasetId", "TagId"]
        case .tags: ["Id", "Name"]
        case .versions: ["Id", "Title", "Slug"]
        }
    }

    /// What the records lack without the file; `nil` if none can be made without it.
    var lossWithout: String? {
        switch self {
        case .datasets, .users, .versions: nil
        case .organizations: "data sets of organizations are left out"
        case .datasetTags, .tags: "no record has tags"
        }
    }
}
