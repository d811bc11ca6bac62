/// The seam between a model and the device that runs it: about ten operations on whole matrices.
///
/// Matrices are row-major and ragged: the tokens of several texts stand one after another without padding, and
/// ``TextBoundaries`` says where each text begins. Dimension letters are those of <doc:Notation>. A backend may fuse work
/// inside one operation; a model never asks which device it runs on.
///
/// What allocates throws ``Failure``, for memory is what a device lacks first. Operations do not throw: a device that fails
/// reports it in ``download(_:)``, which waits for the device.
public protocol ComputeBackend: Sendable {
    /// A weight: uploaded once while loading, shared by all workers, never changed.
    associatedtype Parameter: Sendable

    /// Why a device cannot take a weight or an activation; `Never` where the memory is the process's own.
    associatedtype Failure: DeviceFailure

    /// What one worker has of the device for itself, such as a queue of work; `Void` where that is nothing.
    associatedtype Stream = Void

    /// An activation: a fixed row capacity, a row count that each operation sets on its output. It stays with its worker.
    associatedtype Matrix

    /// The device and the library behind it, for reports, such as `cpu (OpenBLAS Zen)`.
    var deviceDescription: String { get }

    /// How exactly linear layers are multiplied.
    var precision: Precision { get }

    /// How many chunks the device works on at the same time.
    var workerCount: Int { get }

    /// The number of tokens in a chunk at which the device is most efficient.
    var maxTokensPerChunk: Int { get }

    /// The number that every matrix width and vector length must be a multiple of.
    var columnMultiple: Int { get }

    /// Takes a weight of the given shape (row-major).
    func parameter(_ values: [Float], shape: [Int]) throws(Failure) -> Parameter

    /// Takes the weight `[M, K]` of a fully connected layer, in whatever order the device multiplies by it fastest.
    func linearWeight(_ values: [Float], shape: [Int]) throws(Failure) -> Parameter

    /// Makes what a worker has for itself.
    func makeStream() throws(Failure) -> Stream

    /// Allocates an activation of at most `rowCapacity` rows for the worker that has the stream. Operations take activations
    /// of one worker only.
    func makeMatrix(rowCapacity: Int, columns: Int, on stream: Stream) throws(Failure) -> Matrix

    /// Sums word, position and token-type embeddings and normalizes: `ids` and `positions` `[N]` → `[N, H]`.
    func embed(
        ids: [Int32], positions: [Int32], tables: EmbeddingTables<Parameter>, norm: LayerNormParameters<Parameter>,
        into output: inout Matrix)

    /// Computes `activation(x · Wᵀ + b)`: `x` `[N, K]`, `W` `[M, K]`, `b` `[M]` → `[N, M]`.
    func linear(
        _ input: Matrix, _ layer: LinearParameters<Parameter>, activation: Activation, into output: inout Matrix)

    /// Computes scaled dot-product self-attention inside each text: packed query, key and value `[N, 3H]` → `[N, H]`.
    ///
    /// `relativeBias` `[A, 2P − 1]`, where there is one, is added to the scaled scores: for a key that stands d tokens behind
    /// its query, d < 0 for one before it, the value of the head at column P − 1 + d. No text is longer than P tokens.
    func attention(
        _ packedQKV: Matrix, headCount: Int, relativeBias: Parameter?, boundaries: TextBoundaries,
        into output: inout Matrix)

    /// Adds `input` to `residual` and normalizes each row in place: `[N, H]`.
    func addNorm(_ input: Matrix, to residual: inout Matrix, _ norm: LayerNormParameters<Parameter>)

    /// Reduces the tokens of each text to one row: `[N, H]` → `[B, H]`.
    func pool(
        _ input: Matrix, _ strategy: PoolingStrategy, boundaries: TextBoundaries, into output: inout Matrix)

    /// Scales each row to Euclidean length 1: `[B, H]`.
    func normalize(_ matrix: inout Matrix)

    /// Copies the rows of a matrix to the host, row-major, after the device has finished with it.
    func download(_ matrix: Matrix) throws -> [Float]
}

extension ComputeBackend where Stream == Void {
    /// Nothing.
    public func makeStream() {}
}

extension ComputeBackend {
    /// In single precision.
    public var precision: Precision { .exact }

    /// Keeps it like any other weight.
    public func linearWeight(_ values: [Float], shape: [Int]) throws(Failure) -> Parameter {
        try parameter(values, shape: shape)
    }

    /// Attention by content alone, wherever a key stands.
    public func attention(
        _ packedQKV: Matrix, headCount: Int, boundaries: TextBoundaries, into output: inout Matrix
    ) {
        attention(packedQKV, headCount: headCount, relativeBias: nil, boundaries: boundaries, into: &output)
    }
}

/// The three embedding tables of BERT: words `[V, H]`, positions `[P, H]` and token types `[T, H]`.
///
/// A single text has token type 0 throughout, so only the first row of the last table is used.
public struct EmbeddingTables<Parameter: Sendable>: Sendable {
    /// One row a vocabulary entry, `[V, H]`.
    public let words: Parameter
    /// One row a position, `[P, H]`.
    public let positions: Parameter
    /// One row a segment type, `[T, H]`.
    public let tokenTypes: Parameter

    /// Groups the three tables.
    public init(words: Parameter, positions: Parameter, tokenTypes: Parameter) {
        self.words = words
        self.positions = positions
        self.tokenTypes = tokenTypes
    }
}

/// Weight `[M, K]` and bias `[M]` of a fully connected layer.
public struct LinearParameters<Parameter: Sendable>: Sendable {
    /// The matrix as the checkpoint stores it: one row an output, `[M, K]`.
    public let weight: Parameter
    /// `[M]`.
    public let bias: Parameter

    /// Groups weight and bias.
    public init(weight: Parameter, bias: Parameter) {
        self.weight = weight
        self.bias = bias
    }
}

/// Scale `[H]`, shift `[H]` and the variance offset of a layer normalization.
public struct LayerNormParameters<Parameter: Sendable>: Sendable {
    /// The scale, called gamma in the paper, `[H]`.
    public let weight: Parameter
    /// The shift, called beta in the paper, `[H]`.
    public let bias: Parameter
    /// Added to the variance before the square root.
    public let epsilon: Float

    /// Groups the parameters of one normalization.
    public init(weight: Parameter, bias: Parameter, epsilon: Float) {
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
    }
}

/// What a fully connected layer applies to its outputs.
public enum Activation: String, Sendable, CaseIterable {
    /// The identity.
    case none
    /// `x · Φ(x)` with the exact normal distribution function, not its tanh approximation.
    case gelu
    /// `x · ½ (1 + tanh(√(2/π) (x + 0.044715 x³)))`, the approximation of ``gelu`` that some models were trained with.
    case geluTanh = "gelu_new"
    /// `max(x, 0)`.
    case relu
}

/// How the tokens of a text become one vector.
public enum PoolingStrategy: String, Sendable, CaseIterable {
    /// The vector of the first token, `[CLS]`.
    case cls
    /// The largest value of each component.
    case max
    /// The average of all tokens.
    case mean
    /// The sum of all tokens divided by the square root of their number.
    case meanSqrtLength
}

/// Why a device cannot do something.
public protocol DeviceFailure: Error {
    /// Whether less would have fitted.
    var isOutOfMemory: Bool { get }
}

extension Never: DeviceFailure {
    /// There is no such value.
    public var isOutOfMemory: Bool { false }
}
