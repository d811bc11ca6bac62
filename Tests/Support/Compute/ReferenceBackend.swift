public import Compute

internal import Foundation

/// The specification of ``ComputeBackend``: plain loops, one element at a time, in double precision.
///
/// Each operation rounds its result to single precision once, so what remains between it and another backend is the
/// other's rounding. It is slow, and it must stay easy to check against the formulas.
public struct ReferenceBackend: ComputeBackend {
    /// A weight: its sizes, outermost first, and its values, row-major.
    public struct Parameter: Sendable {
        let shape: [Int]
        let values: [Float]

        func row(_ index: Int) -> ArraySlice<Float> { values[index * shape[1]..<(index + 1) * shape[1]] }
    }

    /// An activation: its rows in use.
    public struct Matrix {
        let rowCapacity: Int
        let columns: Int
        var rows: [[Float]] {
            didSet { precondition(rows.count <= rowCapacity && rows.allSatisfy { $0.count == columns }) }
        }
    }

    /// `reference`.
    public let deviceDescription = "reference"
    /// One worker.
    public let workerCount = 1
    /// Small, so that a test's batch takes several chunks.
    public let maxTokensPerChunk = 64
    /// Any width will do.
    public let columnMultiple = 1

    /// Makes the backend; it has no state.
    public init() {}

    /// Keeps the array.
    public func parameter(_ values: [Float], shape: [Int]) -> Parameter {
        precondition(values.count == shape.reduce(1, *))
        return Parameter(shape: shape, values: values)
    }

    /// An activation without rows.
    public func makeMatrix(rowCapacity: Int, columns: Int, on stream: Void = ()) -> Matrix {
        Matrix(rowCapacity: rowCapacity, columns: columns, rows: [])
    }

    /// Sums the rows of three tables, always the first of the token types, then normalizes.
    public func embed(
        ids: [Int32], positions: [Int32], tables: EmbeddingTables<Parameter>, norm: LayerNormParameters<Parameter>,
        into output: inout Matrix
    ) {
        output.rows = zip(ids, positions).map { id, position in
            let (word, place) = (tables.words.row(Int(id)), tables.positions.row(Int(position)))
            let sum = zip(zip(word, place), tables.tokenTypes.row(0)).map { Double($0.0) + Double($0.1) + Double($1) }
            return Self.layerNorm(sum, norm)
        }
    }

    /// One dot product an output.
    public func linear(
        _ input: Matrix, _ layer: LinearParameters<Parameter>, activation: Activation, into output: inout Matrix
    ) {
        let weights = (0..<layer.weight.shape[0]).map { Array(layer.weight.row($0)) }
        output.rows = input.rows.map { row in
            zip(weights, layer.bias.values).map { weight, bias in
                let sum = Double(bias) + Self.dot(row, weight)
                switch activation {
                case .none: return Float(sum)
                // By erfc: 1 + erf(x) has no correct digit left in the negative tail.
                case .gelu: return Float(0.5 * sum * erfc(-sum / 2.0.squareRoot()))
                case .geluTanh:
                    let argument = (2 / Double.pi).squareRoot() * (sum + 0.044715 * sum * sum * sum)
                    return Float(0.5 * sum * (1 + tanh(argument)))
                case .relu: return Float(max(sum, 0))
                }
            }
        }
    }

    /// `softmax(q · kᵀ / √D + bias) · v`, one query at a time.
    public func attention(
        _ packedQKV: Matrix, headCount: Int, relativeBias: Parameter?, boundaries: TextBoundaries,
        into output: inout Matrix
    ) {
        let hidden = output.columns
        let width = hidden / headCount
        var context = packedQKV.rows.map { _ in [Float](repeating: 0, count: hidden) }
        for text in 0..<boundaries.textCount {
            let tokens = packedQKV.rows[boundaries.rows(ofText: text)]
            for head in 0..<headCount {
                let columns = head * width..<(head + 1) * width
                let keys = tokens.map { Array($0[columns.shifted(by: hidden)]) }
                let values = tokens.map { Array($0[columns.shifted(by: 2 * hidden)]) }
                for (row, token) in zip(tokens.indices, tokens) {
                    let query = Array(token[columns])
                    let biases = keys.indices.map { key in
                        relativeBias.map { Double($0.row(head)[center($0, head) + key - (row - tokens.startIndex)]) }
                            ?? 0
                    }
                    let scores = zip(keys, biases).map { Self.dot(query, $0) / Double(width).squareRoot() + $1 }
                    let largest = scores.max() ?? 0
                    let weights = scores.map { exp($0 - largest) }
                    let total = weights.reduce(0, +)
                    for (offset, column) in columns.enumerated() {
                        let sum = zip(weights, values).reduce(0) { $0 + $1.0 * Double($1.1[offset]) }
                        context[row][column] = Float(sum / total)
                    }
                }
            }
        }
        output.rows = context
    }

    /// Where a row of a slice of biases `[A, 2P − 1]` has distance 0.
    private func center(_ bias: Parameter, _ head: Int) -> Int { bias.row(head).startIndex + bias.shape[1] / 2 }

    /// A sum, then a layer normalization.
    public func addNorm(_ input: Matrix, to residual: inout Matrix, _ norm: LayerNormParameters<Parameter>) {
        residual.rows = zip(input.rows, residual.rows).map { added, row in
            Self.layerNorm(zip(added, row).map { Double($0) + Double($1) }, norm)
        }
    }

    /// One column of one text at a time.
    public func pool(
        _ input: Matrix, _ strategy: PoolingStrategy, boundaries: TextBoundaries, into output: inout Matrix
    ) {
        output.rows = (0..<boundaries.textCount).map { text in
            let tokens = input.rows[boundaries.rows(ofText: text)]
            return (0..<input.columns).map { column in
                let values = tokens.map { Double($0[column]) }
                let sum = values.reduce(0, +)
                switch strategy {
                case .cls: return Float(values[0])
                case .max: return Float(values.max() ?? -.infinity)
                case .mean: return Float(sum / Double(values.count))
                case .meanSqrtLength: return Float(sum / Double(values.count).squareRoot())
                }
            }
        }
    }

    /// Divides by the length, or by 1e-12 if it is shorter.
    public func normalize(_ matrix: inout Matrix) {
        matrix.rows = matrix.rows.map { row in
            let length = max(Self.dot(row, row).squareRoot(), 1e-12)
            return row.map { Float(Double($0) / length) }
        }
    }

    /// The rows one after another.
    public func download(_ matrix: Matrix) -> [Float] { matrix.rows.flatMap { $0 } }

    private static func dot(_ a: [Float], _ b: [Float]) -> Double {
        precondition(a.count == b.count)
        var sum = 0.0
        for index in a.indices { sum += Double(a[index]) * Double(b[index]) }
        return sum
    }

    /// `(x − mean) / √(variance + ε) · weight + bias` with the biased variance.
    private static func layerNorm(_ row: [Double], _ norm: LayerNormParameters<Parameter>) -> [Float] {
        let mean = row.reduce(0, +) / Double(row.count)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
        let deviation = (variance + Double(norm.epsilon)).squareRoot()
        return row.indices.map {
            Float((row[$0] - mean) / deviation * Double(norm.weight.values[$0]) + Double(norm.bias.values[$0]))
        }
    }
}

extension Range<Int> {
    fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
