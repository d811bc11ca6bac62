package import Compute

/// The activations of one worker, allocated once and reused for every chunk.
///
/// N counts tokens, B texts.
package struct Workspace<Backend: ComputeBackend> {
    /// The state that flows through the layers, `[N, H]`.
    package var hidden: Backend.Matrix
    /// Query, key and value of every token side by side, `[N, 3H]`.
    package var packedQKV: Backend.Matrix
    /// What attention gathered, `[N, H]`.
    package var context: Backend.Matrix
    /// The output of a projection before it is added to the state, `[N, H]`.
    package var projected: Backend.Matrix
    /// The inside of the feed-forward layer, `[N, I]`.
    package var expanded: Backend.Matrix
    /// One row a text, `[B, H]`.
    package var pooled: Backend.Matrix

    /// Allocates for chunks of at most `tokens` tokens.
    package init(backend: Backend, hiddenSize: Int, intermediateSize: Int, tokens: Int) throws(Backend.Failure) {
        let stream = try backend.makeStream()
        hidden = try backend.makeMatrix(rowCapacity: tokens, columns: hiddenSize, on: stream)
        packedQKV = try backend.makeMatrix(rowCapacity: tokens, columns: 3 * hiddenSize, on: stream)
        context = try backend.makeMatrix(rowCapacity: tokens, columns: hiddenSize, on: stream)
        projected = try backend.makeMatrix(rowCapacity: tokens, columns: hiddenSize, on: stream)
        expanded = try backend.makeMatrix(rowCapacity: tokens, columns: intermediateSize, on: stream)
        pooled = try backend.makeMatrix(rowCapacity: tokens, columns: hiddenSize, on: stream)
    }
}
