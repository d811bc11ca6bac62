package import Compute
public import Safetensors
package import SentenceEncoding
public import Tokenization

internal import Testing

/// Every stage of a few texts, computed by the reference implementation with each text alone in its batch.
public struct StageGoldens {
    /// The tensors.
    public let file: SafetensorsFile
    /// H.
    public let hidden: Int
    /// The token ids of each text.
    public let texts: [TokenizedText]

    /// Reads goldens of a model whose vectors have `hidden` components.
    public init(_ path: String, hidden: Int) throws {
        file = try SafetensorsFile(contentsOf: path)
        self.hidden = hidden
        let count = try #require(file.tensor(named: "lengths")).elementCount
        let lengths = try file.int64s(named: "lengths", shape: [count])
        var ids = try file.int64s(named: "input_ids", shape: [Int(lengths.reduce(0, +))])[...]
        texts = lengths.map { length in
            defer { ids = ids.dropFirst(Int(length)) }
            return TokenizedText(ids: ids.prefix(Int(length)).map { Int32($0) })
        }
    }

    /// Runs all texts as one chunk and compares it with the goldens after every stage.
    ///
    /// - Parameter tolerance: The gate: the largest absolute difference allowed in any stage.
    /// - Returns: The largest differences seen, by stage.
    @discardableResult
    package func compare<Backend: ComputeBackend>(
        _ encoder: any TransformerEncoder<Backend>, on backend: Backend, tolerance: Float = 1e-5
    ) throws -> [String: Float] {
        let batch = TokenBatch(texts)
        var workspace = try encoder.makeWorkspace(tokens: batch.ids.count + 5)
        var differences: [String: Float] = [:]
        func compare(_ stage: String, _ matrix: Backend.Matrix, rows: Int) throws {
            let expected = try file.floats(named: stage, shape: [rows, hidden])
            let difference = LargestDifference(try backend.download(matrix), expected)
            differences[stage] = difference.value
            #expect(difference.value <= tolerance, "\(stage): \(difference.description(columns: hidden))")
        }

        encoder.embed(batch, &workspace)
        try compare("embeddings", workspace.hidden, rows: batch.ids.count)
        for (index, layer) in encoder.layers.enumerated() {
            encoder.apply(layer, batch.boundaries, &workspace)
            try compare("layer.\(index)", workspace.hidden, rows: batch.ids.count)
        }
        encoder.pool(batch.boundaries, &workspace)
        try compare("pooled", workspace.pooled, rows: texts.count)
        backend.normalize(&workspace.pooled)
        try compare("normalized", workspace.pooled, rows: texts.count)
        return differences
    }
}
