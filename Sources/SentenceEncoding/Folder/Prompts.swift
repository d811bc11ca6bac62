/// What stands before the texts of a model, as `config_sentence_transformers.json` says.
public struct Prompts: Sendable, Hashable {
    /// Stands before each text that is stored; empty for none.
    public let document: String
    /// Stands before each text that is searched with; empty for none.
    public let query: String

    /// Makes prompts.
    public init(document: String = "", query: String = "") {
        self.document = document
        self.query = query
    }
}

/// `config_sentence_transformers.json`: what the library does around the modules.
struct LibraryConfiguration {
    /// What stands before texts.
    let prompts: Prompts
    /// How many components of a vector are kept, all if absent.
    let truncateDim: Int?
    /// A prompt for every text that is neither said to be a document nor a query, by name.
    private let undecided: String?
    private let settings: Settings

    init(_ settings: Settings) throws(SentenceEncodingError) {
        // Versions and requirements are those of Python packages; the similarity is for whoever compares vectors.
        try settings.allowOnly([
            "__version__", "requirements", "similarity_fn_name", "model_type", "prompts", "default_prompt_name",
            "truncate_dim",
        ])
        let type = try settings.string("model_type") ?? "SentenceTransformer"
        try settings.require(type == "SentenceTransformer", "model_type", type, "SentenceTransformer")
        truncateDim = try settings.integer("truncate_dim")
        if let truncateDim {
            try settings.require(truncateDim > 0, "truncate_dim", String(truncateDim), "a positive number")
        }

        let prompts = try settings.object("prompts")
        // The reference looks for `document`, `passage` and `corpus`, in this order, and takes an empty one for an answer; but
        // every model has an empty `document` and `query` there unless the file says otherwise, so the others never count.
        self.prompts = Prompts(
            document: try prompts?.string("document") ?? "", query: try prompts?.string("query") ?? "")
        undecided = try Self.undecided(settings, prompts, document: self.prompts.document)
        self.settings = settings
    }

    /// The name of the default prompt, where it has words and no other prompt is for documents.
    private static func undecided(
        _ settings: Settings, _ prompts: Settings?, document: String
    ) throws(SentenceEncodingError) -> String? {
        guard let name = try settings.string("default_prompt_name") else { return nil }
        // These two the reference has without being told.
        guard let prompts, prompts.has(name) else {
            try settings.require(
                name == "document" || name == "query", "default_prompt_name", name, "a name that prompts has")
            return nil
        }
        let text = try prompts.string(name) ?? ""
        return document.isEmpty && !text.isEmpty ? name : nil
    }

    /// Refuses a default prompt for any text: whether it belongs before documents is not said.
    func requireDecision() throws(SentenceEncodingError) {
        guard let undecided else { return }
        throw settings.unsupported(
            "default_prompt_name", undecided,
            "null, or a prompt of the name document beside it; or give the prompt yourself (--prompt, which may be "
                + "empty)")
    }
}
