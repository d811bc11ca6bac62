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
        hidden = try backend.makeMatrix(rowCapacity: tokens, columns: hiddenSize)
        packedQKV = try backend.makeMatrix(rowCapacity: tokens, columns: 3 * hiddenSize)
        context = try backend.makeMatrix(rowCapacity: tokens, columns: hiddenSize)
        projected = try backend.makeMatrix(rowCapacity: tokens, columns: hiddenSize)
        expanded = try backend.makeMatrix(rowCapacity: tokens, columns: intermediateSize)
        pooled = try backend.makeMatrix(rowCapacity: tokens, columns: hiddenSize)
    }
}
