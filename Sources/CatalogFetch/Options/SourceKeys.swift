import CommandSupport
import DatasetTable
import FoundationEssentials

/// The keys of sources, from where the sources' own programs take them; never from an option, which a list of processes shows.
struct SourceKeys {
    private let settings: Settings
    private let home: String?

    init(_ settings: Settings) {
        self.settings = settings
        home = ProcessInfo.processInfo.environment["HOME"]
    }

    /// The header for Hugging Face, `nil` without a key: public datasets need none.
    ///
    /// `HF_TOKEN`, else the file of `HF_TOKEN_PATH`, else the one that `hf auth login` writes.
    func huggingFace() throws -> String? {
        if let token = try value("HF_TOKEN") { return "Bearer \(token)" }
        if let path = try value("HF_TOKEN_PATH") { return "Bearer \(try text(ofNamed: path, "HF_TOKEN_PATH"))" }
        return home.flatMap { text(of: "\($0)/.cache/huggingface/token") }.map { "Bearer \($0)" }
    }

    /// The header for Kaggle, `nil` without a key: it answers some questions without one.
    ///
    /// `KAGGLE_API_TOKEN`, which is a token or the path of a file, or the file `access_token`; else user name and key from
    /// `KAGGLE_USERNAME` and `KAGGLE_KEY` or from `kaggle.json`.
    func kaggle() throws -> String? {
        if let token = try value("KAGGLE_API_TOKEN") {
            return "Bearer \(token.contains("/") ? try text(ofNamed: token, "KAGGLE_API_TOKEN") : token)"
        }
        let folder = try value("KAGGLE_CONFIG_DIR") ?? home.map { "\($0)/.kaggle" }
        if let token = folder.flatMap({ text(of: "\($0)/access_token") }) { return "Bearer \(token)" }
        let name = try value("KAGGLE_USERNAME")
        let key = try value("KAGGLE_KEY")
        if let name, let key { return Self.basic(name, key) }
        guard name == nil, key == nil else {
            throw RunFailure(
                .configuration, "KAGGLE_USERNAME and KAGGLE_KEY go together, and only one of them is set; set both")
        }
        guard let folder, let json = text(of: "\(folder)/kaggle.json") else { return nil }
        guard let account = try? JSONDecoder().decode(Account.self, from: Data(json.utf8)) else {
            throw RunFailure(
                .configuration, "\(folder)/kaggle.json does not hold a username and a key; fetch it again from Kaggle")
        }
        return Self.basic(account.username, account.key)
    }

    private struct Account: Decodable {
        let username, key: String
    }

    private static func basic(_ name: String, _ key: String) -> String {
        "Basic " + Data("\(name):\(key)".utf8).base64EncodedString()
    }

    private func value(_ variable: String) throws -> String? {
        let value = try settings.value(String?.none, variable).map(Self.trimmed)
        return value?.isEmpty == false ? value : nil
    }

    /// The text of a file that somebody has named.
    private func text(ofNamed path: String, _ variable: String) throws -> String {
        guard let text = text(of: path) else {
            throw RunFailure(
                .configuration,
                "the file that \(variable) names is empty or cannot be read; mend it, or unset the variable")
        }
        return text
    }

    /// The text of a file without blanks around it; `nil` if there is none.
    private func text(of path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 16 else { return nil }
        let text = Self.trimmed(String(decoding: data, as: UTF8.self))
        return text.isEmpty ? nil : text
    }

    private static func trimmed(_ text: String) -> String {
        let parts = text.split(omittingEmptySubsequences: true) { $0.isWhitespace }
        guard let first = parts.first, let last = parts.last else { return "" }
        return String(text[first.startIndex..<last.endIndex])
    }
}
