import Compute

/// `1_Pooling/config.json`: how the vectors of tokens become one.
struct PoolingConfiguration {
    let strategy: PoolingStrategy
    /// Whether the tokens of a prompt take part.
    let includesPrompt: Bool
    private let settings: Settings

    /// Reads the file in the old form, a flag a strategy, or in the new, a name.
    init(_ settings: Settings, hidden: Int) throws(SentenceEncodingError) {
        let flags = [
            ("cls", "pooling_mode_cls_token"), ("max", "pooling_mode_max_tokens"), ("mean", "pooling_mode_mean_tokens"),
            ("mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"),
            ("weightedmean", "pooling_mode_weightedmean_tokens"), ("lasttoken", "pooling_mode_lasttoken"),
        ]
        let widths = ["word_embedding_dimension", "embedding_dimension"]
        try settings.allowOnly(Set(flags.map(\.1) + widths + ["pooling_mode", "include_prompt"]))
        var hasWidth = false
        for key in widths {
            guard let width = try settings.integer(key) else { continue }
            try settings.require(width == hidden, key, String(width), "\(hidden), the hidden_size of config.json")
            hasWidth = true
        }
        guard hasWidth else { throw settings.malformed("embedding_dimension", "a whole number") }

        var modes: [String] = []
        if let mode = settings["pooling_mode"] {
            for name in mode.elements ?? [mode] {
                guard case .string(let name) = name else { throw settings.malformed("pooling_mode", "a text") }
                modes.append(name)
            }
        } else {
            for (name, key) in flags where try settings.bool(key) == true { modes.append(name) }
            // The reference's default where all flags are false, or there is none.
            if modes.isEmpty { modes = ["mean"] }
        }
        switch modes {
        case ["cls"]: strategy = .cls
        case ["max"]: strategy = .max
        case ["mean"]: strategy = .mean
        case ["mean_sqrt_len_tokens"]: strategy = .meanSqrtLength
        default:
            throw settings.unsupported(
                "pooling_mode", modes.joined(separator: "+"), "one of cls, max, mean, mean_sqrt_len_tokens")
        }
        includesPrompt = try settings.bool("include_prompt") ?? true
        self.settings = settings
    }

    /// Refuses a prompt where its tokens are to be left out of the vector.
    func requireIncluded(prompt: String) throws(SentenceEncodingError) {
        try settings.require(
            includesPrompt || prompt.isEmpty, "include_prompt", "false", "true, where texts have a prompt")
    }
}
