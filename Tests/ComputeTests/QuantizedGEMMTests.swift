import CPUCompute
import Compute
import ComputeTestSupport
import Testing

@Suite("Products of 16-bit integers")
struct QuantizedGEMMTests {
    /// Rows times the transpose of a weight, without bias and activation.
    private func products(
        _ rows: [[Float]], _ weight: [[Float]], gemm: GEMMEngine = .packed, bias: Float = 0
    ) -> [[Float]] {
        let backend = CPUBackend(workerCount: 1, gemm: gemm, precision: .fast)
        let (inputs, outputs) = (rows[0].count, weight.count)
        let layer = LinearParameters(
            weight: backend.linearWeight(weight.flatMap { $0 }, shape: [outputs, inputs]),
            bias: backend.parameter([Float](repeating: bias, count: outputs), shape: [outputs]))
        var input = backend.makeMatrix(rowCapacity: rows.count, columns: inputs)
        var output = backend.makeMatrix(rowCapacity: rows.count, columns: outputs)
        input.values = rows.flatMap { $0 }
        backend.linear(input, layer, activation: .none, into: &output)
        let values = output.values
        return rows.indices.map { Array(values[$0 * outputs..<($0 + 1) * outputs]) }
    }

    private func makeRows(_ count: Int, width: Int, seed: UInt64) -> [[Float]] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in random.floats(width) }
    }

    private func length(_ x: [Float]) -> Double { x.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }

    private static let shapes = [
        (16, 16), (32, 176), (112, 16), (80, 112), (176, 208), (384, 96), (1536, 48), (3072, 16),
    ]

    @Test("are off by no more than the rounding of both factors", arguments: shapes)
    func accuracy(inputs: Int, outputs: Int) {
        let (rows, weight) = (makeRows(13, width: inputs, seed: 1), makeRows(outputs, width: inputs, seed: 2))
        for (row, result) in zip(rows, products(rows, weight)) {
            for (output, value) in zip(weight, result) {
                let exact = zip(row, output).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                // Half a step in each element of each factor, were they all of one sign; a step is a 32,767th of the length
                // at most.
                let bound = Double(inputs).squareRoot() * length(row) * length(output) / 32_767
                #expect(abs(Double(value) - exact) <= bound)
            }
        }
    }

    @Test("never exceed 32 bits: not where both factors are as long as they may be, and rounded up throughout")
    func longest() {
        // A sum that overflows is off by twice itself. Factors in the same direction have the largest product that their lengths allow. With equal elements all are rounded
        // the same way, and for some widths, 384 among them, that is up: without room for the rounding those overflow.
        for inputs in Array(stride(from: 16, through: 1_024, by: 16)) + [1_152, 1_536, 2_048, 3_072, 4_096] {
            for factor in [Float(1), 0.37, -1] {
                let (row, weight) = (
                    [Float](repeating: factor, count: inputs),
                    [[Float]](repeating: [Float](repeating: 1, count: inputs), count: 16)
                )
                for value in products([row], weight)[0] {
                    #expect(abs(value / (factor * Float(inputs)) - 1) < 3e-3, "\(inputs) times \(factor): \(value)")
                }
            }
            let rows = makeRows(4, width: inputs, seed: UInt64(inputs))
            for (index, row) in rows.enumerated() {
                let square = products([row], [[Float]](repeating: row, count: 16))[0][0]
                #expect(abs(Double(square) / (length(row) * length(row)) - 1) < 1e-3, "row \(index) of \(inputs)")
            }
        }
    }

    @Test("have a row's bits whatever its neighbors, their number and the instructions", arguments: shapes)
    func invariance(inputs: Int, outputs: Int) {
        let (rows, weight) = (makeRows(200, width: inputs, seed: 3), makeRows(outputs, width: inputs, seed: 4))
        let alone = [0, 7, 199].map { products([rows[$0]], weight)[0] }
        for engine in GEMMEngine.allCases where engine.offers(.fast) {
            let together = products(rows, weight, gemm: engine)
            #expect([0, 7, 199].map { together[$0] } == alone, "\(engine)")
        }
    }

    @Test("have no fixed range: rows of any size keep their digits", arguments: [Float(1e-30), 1e-6, 1e6, 1e30])
    func range(size: Float) {
        let (row, weight) = (makeRows(1, width: 64, seed: 5)[0], makeRows(16, width: 64, seed: 6))
        let (expected, actual) = (products([row], weight)[0], products([row.map { $0 * size }], weight)[0])
        for (expected, actual) in zip(expected, actual) { #expect(abs(actual / size - expected) < 1e-3) }
    }

    @Test("of zeros are the bias, to the bit")
    func zeros() {
        let nothing = [Float](repeating: 0, count: 48)
        #expect(
            products([nothing], makeRows(16, width: 48, seed: 7), bias: 0.3)[0] == [Float](repeating: 0.3, count: 16))
        #expect(
            products(makeRows(1, width: 48, seed: 8), Array(repeating: nothing, count: 16), bias: 0.3)[0]
                == [Float](repeating: 0.3, count: 16))
    }

    @Test(
        "of a row that is NaN or infinite are NaN, and leave its neighbors alone",
        arguments: [Float.nan, .infinity, -.infinity])
    func neighbors(value: Float) {
        let (rows, weight) = (makeRows(7, width: 32, seed: 9), makeRows(16, width: 32, seed: 10))
        let expected = products(rows, weight)
        for bad in rows.indices {
            var spoiled = rows
            spoiled[bad][5] = value
            let actual = products(spoiled, weight)
            #expect(actual[bad].allSatisfy { $0.isNaN })
            #expect(rows.indices.allSatisfy { $0 == bad || actual[$0] == expected[$0] })
        }
    }
}
