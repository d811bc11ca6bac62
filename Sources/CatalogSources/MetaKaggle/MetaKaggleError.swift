/// A folder that is not a Meta Kaggle.
public enum MetaKaggleError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A file that every record needs is not there.
    case missingFile(name: String, folder: String)

    /// What happened, and what to do about it.
    public var description: String {
        switch self {
        case .missingFile(let name, let folder):
            "there is no file \(name) in '\(folder)'; unzip Meta Kaggle there, or correct the path"
        }
    }
}
