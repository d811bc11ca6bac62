public import Compute
public import Tokenization

/// A loaded model on a device: tokenizer, encoder and the workers that run it.
public struct SentenceEncoder<Backend: ComputeBackend>: TextEncoder {
    /// The folder it was loaded from.
    public let model: ModelFolder
    private let tokenizer: WordPieceTokenizer
    private let documentPrompt: WordPieceTokenizer.Prompt?
    private let queryPrompt: WordPieceTokenizer.Prompt?
    private let encoder: any TransformerEncoder<Backend>
    private let planner: ChunkPlanner
    private let workers: WorkerPool<Workspace<Backend>>
    private let backend: Backend

    /// The most tokens in a chunk of several texts.
    public var tokensPerChunk: Int { planner.maxTokens }

    /// Loads vocabulary and weights and allocates one workspace a worker, of half the size as long as that does not fit.
    public init(model: ModelFolder, backend: Backend) throws(SentenceEncodingError) {
        self.model = model
        self.backend = backend
        tokenizer = try WordPieceTokenizer(model: model)
        documentPrompt = try tokenizer.documentPrompt(of: model)
        queryPrompt = try tokenizer.queryPrompt(of: model)
        encoder = try model.loadEncoder(on: backend)

        var tokens = max(backend.maxTokensPerChunk, model.maxTokens)
        while true {
            do throws(Backend.Failure) {
                workers = try Self.makeWorkers(encoder, on: backend, tokens: tokens)
                break
            } catch {
                guard error.isOutOfMemory, tokens / 2 >= max(Self.leastTokensPerChunk, model.maxTokens) else {
                    throw .device(String(describing: error))
                }
                tokens /= 2
            }
        }
        planner = ChunkPlanner(maxTokens: tokens, workerCount: backend.workerCount)
    }

    /// Smaller chunks leave a device idle most of the time.
    private static var leastTokensPerChunk: Int { 1024 }

    private static func makeWorkers(
        _ encoder: any TransformerEncoder<Backend>, on backend: Backend, tokens: Int
    ) throws(Backend.Failure) -> WorkerPool<Workspace<Backend>> {
        WorkerPool(
            try (0..<backend.workerCount).map { index throws(Backend.Failure) in
                try ComputeWorker(label: "embedding-job.compute.\(index)") { () throws(Backend.Failure) in
                    try encoder.makeWorkspace(tokens: tokens)
                }
            })
    }

    /// H, or what `truncate_dim` leaves of it.
    public var dimension: Int { model.dimension }

    /// As the model folder says.
    public var normalizes: Bool { model.normalizes }

    /// Those of the model folder.
    public var canaries: [Canary] { model.canaries }

    /// As the backend says.
    public var deviceDescription: String { backend.deviceDescription }

    /// As the backend says.
    public var precision: Precision { backend.precision }

    /// Runs the model's WordPiece tokenizer on a text that is to be stored, behind the model's prompt for those.
    public func tokenize(_ text: String) -> TokenizedText {
        tokenize(text, after: documentPrompt)
    }

    /// Runs the model's WordPiece tokenizer on a text that is searched with, behind the model's prompt for those.
    public func tokenizeQuery(_ text: String) -> TokenizedText {
        tokenize(text, after: queryPrompt)
    }

    private func tokenize(_ text: String, after prompt: WordPieceTokenizer.Prompt?) -> TokenizedText {
        prompt.map { tokenizer.encode(text, after: $0) } ?? tokenizer.encode(text)
    }

    /// Runs the model's WordPiece tokenizer on the text of a canary, which has no prompt.
    public func tokenize(_ canary: Canary) -> TokenizedText { tokenizer.encode(canary.text) }

    /// Divides the texts into chunks and lets the workers take them, longest first.
    ///
    /// Cancellation is honoured between chunks. The result does not depend on how texts are grouped: within rounding, or to
    /// the bit where the backend's products do not depend on it.
    public func encode(_ texts: [TokenizedText]) async throws -> [[Float]] {
        let (hidden, dimension) = (model.configuration.hiddenSize, model.dimension)
        var vectors = [[Float]](repeating: [], count: texts.count)
        try await withThrowingTaskGroup(of: (indices: [Int], values: [Float]).self) { group in
            for indices in planner.chunks(lengths: texts.map(\.ids.count)) {
                let batch = TokenBatch(indices.map { texts[$0] })
                group.addTask {
                    let values = try await workers.run { workspace in
                        try Task.checkCancellation()
                        do {
                            return try encoder.encode(batch, using: &workspace)
                        } catch {
                            throw SentenceEncodingError.deviceFailed("the device failed: \(error)")
                        }
                    }
                    return (indices, values)
                }
            }
            for try await chunk in group {
                for (row, index) in chunk.indices.enumerated() {
                    vectors[index] = Array(chunk.values[row * hidden..<row * hidden + dimension])
                }
            }
        }
        return vectors
    }
}
