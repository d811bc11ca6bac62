public import CPUCompute
public import CUDACompute
public import Compute
public import Testing

/// A backend that the conformance suite can give activations to; the seam itself only takes them from `embed`.
public protocol ActivationUploading: ComputeBackend {
    /// Replaces the rows of a matrix by row-major values, a whole number of rows within its capacity.
    func upload(_ values: [Float], to matrix: inout Matrix) throws

    /// The same for one row a text, which a device may store in another way.
    func uploadPooled(_ values: [Float], to matrix: inout Matrix) throws

    /// Values as they come back when they were uploaded.
    func stored(_ values: [Float]) -> [Float]
}

extension ActivationUploading {
    /// Like all others.
    public func uploadPooled(_ values: [Float], to matrix: inout Matrix) throws { try upload(values, to: &matrix) }

    /// Unchanged.
    public func stored(_ values: [Float]) -> [Float] { values }
}

extension CPUBackend: ActivationUploading {
    /// Writes to the matrix's memory.
    public func upload(_ values: [Float], to matrix: inout CPUMatrix) { matrix.values = values }
}

extension CUDABackend: ActivationUploading {
    /// Copies to the GPU, rounded as activations are stored.
    public func upload(_ values: [Float], to matrix: inout CUDAMatrix) throws {
        try matrix.replaceRows(by: values, precision: precision)
    }

    /// In float32, whichever the precision.
    public func uploadPooled(_ values: [Float], to matrix: inout CUDAMatrix) throws {
        try matrix.replaceRows(by: values, precision: .exact)
    }

    /// Rounded to float16 in the fast precision.
    public func stored(_ values: [Float]) -> [Float] {
        precision == .exact ? values : values.map { Float(Float16($0)) }
    }
}

extension ReferenceBackend: ActivationUploading {
    /// Cuts the values into rows.
    public func upload(_ values: [Float], to matrix: inout Matrix) {
        matrix.rows = stride(from: 0, to: values.count, by: matrix.columns).map {
            Array(values[$0..<$0 + matrix.columns])
        }
    }
}

/// The widths of a model, H and A, for which operations are compared.
public struct ModelWidth: Sendable, CustomTestStringConvertible {
    /// H.
    public let hidden: Int
    /// A; each head is H / A wide.
    public let headCount: Int

    /// Head widths of one lane group, of several, and of no whole number of them.
    public static let all: [ModelWidth] = [
        (16, 1), (16, 2), (32, 1), (32, 2), (32, 4), (48, 1), (48, 2), (48, 3), (48, 6), (128, 2), (384, 6), (384, 12),
        (384, 16), (384, 48),
    ].map { ModelWidth(hidden: $0.0, headCount: $0.1) }

    /// `H 48, A 2, D 24`.
    public var testDescription: String { "H \(hidden), A \(headCount), D \(hidden / headCount)" }

    /// Batches of texts: each length from 1 to 70 alone for narrow models, fewer for wide ones, then mixtures.
    public var batches: [[Int]] {
        let lengths = hidden < 100 ? Array(1...70) : [1, 2, 3, 4, 5, 15, 16, 17, 31, 33, 64, 70]
        var random = SeededGenerator(seed: UInt64(hidden + headCount))
        let mixtures = (0..<4).map { _ in
            (0..<Int.random(in: 2...6, using: &random)).map { _ in Int.random(in: 1...70, using: &random) }
        }
        return lengths.map { [$0] } + [[1, 1, 1], [70, 1, 2], [3, 16, 17, 4]] + mixtures
    }
}

/// Compares every operation of a backend with ``ReferenceBackend``.
///
/// Inputs are of the size that they have in a trained model, about 1, so the tolerances are absolute. Each is two to
/// five times what single precision was seen to cost. Before every operation the whole capacity of every matrix is filled
/// with NaN, so an operation that reads a row beyond the row count shows it.
public struct ComputeConformance<Backend: ActivationUploading> {
    private let backend: TestedBackend<Backend>
    private let reference = TestedBackend(ReferenceBackend())

    /// Tests one backend, as one worker.
    public init(_ backend: Backend) throws(Backend.Failure) {
        self.backend = try TestedBackend(backend)
    }

    // MARK: - Operations

    /// Embedding tables, positions and layer normalization.
    public func embed(_ width: ModelWidth, tolerance: Float = 3e-6) throws {
        var random = SeededGenerator(seed: 1)
        let (vocabulary, hidden) = (50, width.hidden)
        let words = random.floats(vocabulary * hidden)
        let positions = random.floats(70 * hidden)
        // A single text is of the first token type; the second must not be read.
        let tokenTypes = random.floats(hidden) + [Float](repeating: .nan, count: hidden)
        let (weight, bias) = (random.floats(hidden), random.floats(hidden))
        for lengths in width.batches {
            let rows = lengths.reduce(0, +)
            let ids = (0..<rows).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
            let places = lengths.flatMap { length in (0..<Int32(length)).map { $0 } }
            func run<Other>(_ tested: TestedBackend<Other>) throws -> [Float] {
                let other = tested.backend
                var output = try tested.poisonedMatrix(rows: rows, columns: hidden)
                other.embed(
                    ids: ids, positions: places,
                    tables: try EmbeddingTables(
                        words: other.parameter(words, shape: [vocabulary, hidden]),
                        positions: other.parameter(positions, shape: [70, hidden]),
                        tokenTypes: other.parameter(tokenTypes, shape: [2, hidden])),
                    norm: try tested.norm(weight, bias, epsilon: 1e-12), into: &output)
                return try other.download(output)
            }
            try expect(run(backend), run(reference), columns: hidden, tolerance, "embed, texts of \(lengths)")
        }
    }

    /// A fully connected layer of each shape that occurs in a layer of the model.
    public func linear(_ width: ModelWidth, _ activation: Activation, tolerance: Float = 1.5e-5) throws {
        let (hidden, inner) = (width.hidden, 4 * width.hidden)
        let shapes = [(hidden, 3 * hidden), (hidden, hidden), (hidden, inner), (inner, hidden)]
        for (inputs, outputs) in shapes {
            var random = SeededGenerator(seed: UInt64(inputs + outputs))
            let weight = backend.backend.stored(
                random.floats(inputs * outputs, deviation: 1.5 / Float(inputs).squareRoot()))
            let bias = random.floats(outputs)
            let rowCounts = hidden < 100 ? Array(1...70) : [1, 2, 5, 17, 70]
            for rows in rowCounts {
                let values = backend.backend.stored(random.floats(rows * inputs))
                func run<Other>(_ tested: TestedBackend<Other>) throws -> [Float] {
                    let other = tested.backend
                    let input = try tested.matrix(values, columns: inputs)
                    var output = try tested.poisonedMatrix(rows: rows, columns: outputs)
                    let layer = try LinearParameters(
                        weight: other.linearWeight(weight, shape: [outputs, inputs]),
                        bias: other.parameter(bias, shape: [outputs]))
                    other.linear(input, layer, activation: activation, into: &output)
                    #expect(try other.download(input) == values, "an operation leaves its input alone")
                    return try other.download(output)
                }
                try expect(
                    run(backend), run(reference), columns: outputs, tolerance,
                    "linear [\(rows), \(inputs)] → [\(rows), \(outputs)], \(activation)")
            }
        }
    }

    /// Self-attention; a `deviation` above 1 makes the softmax steep and magnifies rounding.
    ///
    /// A bias of the distance is one for texts of up to `biasedTokens` tokens.
    public func attention(
        _ width: ModelWidth, deviation: Float = 1, biasedTokens: Int? = nil, tolerance: Float = 3e-6
    ) throws {
        var random = SeededGenerator(seed: 2)
        let hidden = width.hidden
        let biasShape = biasedTokens.map { [width.headCount, 2 * $0 - 1] }
        let bias = biasShape.map { random.floats($0[0] * $0[1], deviation: 2) }
        for lengths in width.batches {
            let boundaries = TextBoundaries(lengths: lengths)
            let values = backend.backend.stored(
                random.floats(boundaries.tokenCount * 3 * hidden, deviation: deviation))
            func run<Other>(_ tested: TestedBackend<Other>) throws -> [Float] {
                let other = tested.backend
                let input = try tested.matrix(values, columns: 3 * hidden)
                var output = try tested.poisonedMatrix(rows: boundaries.tokenCount, columns: hidden)
                let parameter = try bias.flatMap { bias in try biasShape.map { try other.parameter(bias, shape: $0) } }
                other.attention(
                    input, headCount: width.headCount, relativeBias: parameter, boundaries: boundaries, into: &output)
                #expect(try other.download(input) == values, "an operation leaves its input alone")
                return try other.download(output)
            }
            try expect(run(backend), run(reference), columns: hidden, tolerance, "attention, texts of \(lengths)")
        }
    }

    /// A residual sum with layer normalization, for an offset of the variance that matters and one that does not.
    public func addNorm(_ width: ModelWidth, tolerance: Float = 3e-6) throws {
        var random = SeededGenerator(seed: 3)
        let hidden = width.hidden
        let (weight, bias) = (random.floats(hidden), random.floats(hidden))
        for rows in 1...70 {
            let values = backend.backend.stored(random.floats(rows * hidden))
            let residual = backend.backend.stored(random.floats(rows * hidden))
            for epsilon: Float in [1e-12, 0.5] {
                func run<Other>(_ tested: TestedBackend<Other>) throws -> [Float] {
                    let other = tested.backend
                    let input = try tested.matrix(values, columns: hidden)
                    var output = try tested.matrix(residual, columns: hidden)
                    other.addNorm(input, to: &output, try tested.norm(weight, bias, epsilon: epsilon))
                    #expect(try other.download(input) == values, "an operation leaves its input alone")
                    return try other.download(output)
                }
                try expect(
                    run(backend), run(reference), columns: hidden, tolerance, "addNorm of \(rows) rows, ε \(epsilon)")
            }
        }
    }

    /// Tokens to one row a text.
    public func pool(_ width: ModelWidth, _ strategy: PoolingStrategy, tolerance: Float = 3e-6) throws {
        var random = SeededGenerator(seed: 4)
        let hidden = width.hidden
        for lengths in width.batches {
            let boundaries = TextBoundaries(lengths: lengths)
            let values = backend.backend.stored(random.floats(boundaries.tokenCount * hidden))
            func run<Other>(_ tested: TestedBackend<Other>) throws -> [Float] {
                let other = tested.backend
                let input = try tested.matrix(values, columns: hidden)
                var output = try tested.poisonedMatrix(rows: boundaries.textCount, columns: hidden)
                other.pool(input, strategy, boundaries: boundaries, into: &output)
                #expect(try other.download(input) == values, "an operation leaves its input alone")
                return try other.download(output)
            }
            try expect(run(backend), run(reference), columns: hidden, tolerance, "pool \(strategy) of \(lengths)")
        }
    }

    /// Rows scaled to length 1, among them one of zeros and one shorter than the smallest divisor.
    public func normalize(_ width: ModelWidth, tolerance: Float = 3e-7) throws {
        var random = SeededGenerator(seed: 5)
        let hidden = width.hidden
        let short = [Float](repeating: 1e-16, count: hidden)
        for rows in 1...70 {
            let values = [Float](repeating: 0, count: hidden) + short + random.floats(rows * hidden, deviation: 3)
            func run<Other>(_ tested: TestedBackend<Other>) throws -> [Float] {
                let other = tested.backend
                var matrix = try tested.pooledMatrix(values, columns: hidden)
                other.normalize(&matrix)
                return try other.download(matrix)
            }
            try expect(run(backend), run(reference), columns: hidden, tolerance, "normalize \(rows) rows")
        }
    }

    private func expect(
        _ actual: [Float], _ expected: [Float], columns: Int, _ tolerance: Float, _ operation: @autoclosure () -> String
    ) {
        let difference = LargestDifference(actual, expected)
        if !(difference.value <= tolerance) {
            Issue.record("\(operation()): \(difference.description(columns: columns)), allowed are \(tolerance)")
        }
    }
}

/// A backend and what one worker has of it.
private struct TestedBackend<Backend: ActivationUploading> {
    let backend: Backend
    private let stream: Backend.Stream

    init(_ backend: Backend) throws(Backend.Failure) {
        self.backend = backend
        stream = try backend.makeStream()
    }

    /// Rows that a chunk uses, and as many again that it does not.
    private static func capacity(_ rows: Int) -> Int { 2 * rows + 3 }

    /// A matrix whose every row, to the last of its capacity, holds NaN.
    func poisonedMatrix(rows: Int, columns: Int) throws -> Backend.Matrix {
        var matrix = try backend.makeMatrix(rowCapacity: Self.capacity(rows), columns: columns, on: stream)
        try backend.upload([Float](repeating: .nan, count: Self.capacity(rows) * columns), to: &matrix)
        return matrix
    }

    /// A matrix with the given rows and NaN after them.
    func matrix(_ values: [Float], columns: Int) throws -> Backend.Matrix {
        var matrix = try poisonedMatrix(rows: values.count / columns, columns: columns)
        try backend.upload(values, to: &matrix)
        return matrix
    }

    /// The same for one row a text.
    func pooledMatrix(_ values: [Float], columns: Int) throws -> Backend.Matrix {
        var matrix = try poisonedMatrix(rows: values.count / columns, columns: columns)
        try backend.uploadPooled(values, to: &matrix)
        return matrix
    }

    func norm(
        _ weight: [Float], _ bias: [Float], epsilon: Float
    ) throws -> LayerNormParameters<Backend.Parameter> {
        try LayerNormParameters(
            weight: backend.parameter(weight, shape: [weight.count]),
            bias: backend.parameter(bias, shape: [bias.count]), epsilon: epsilon)
    }
}
