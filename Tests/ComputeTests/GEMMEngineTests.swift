import CPUCompute
import Compute
import ComputeTestSupport
import Testing

@Suite("The engines for matrix products")
struct GEMMEngineTests {
    /// A layer of random weights, made for one engine, and what it gives.
    private struct Layer {
        let backend: CPUBackend
        let parameters: LinearParameters<CPUParameter>
        let inputs: Int
        let outputs: Int

        init(_ engine: GEMMEngine, inputs: Int, outputs: Int) {
            var random = SeededGenerator(seed: UInt64(inputs * outputs))
            backend = CPUBackend(workerCount: 1, gemm: engine)
            (self.inputs, self.outputs) = (inputs, outputs)
            let weight = random.floats(inputs * outputs, deviation: 1.5 / Float(inputs).squareRoot())
            parameters = LinearParameters(
                weight: backend.linearWeight(weight, shape: [outputs, inputs]),
                bias: backend.parameter(random.floats(outputs), shape: [outputs]))
        }

        /// The output's rows for the given rows, in a matrix with NaN after them.
        func callAsFunction(_ rows: [[Float]], _ activation: Activation) -> [[Float]] {
            var input = backend.makeMatrix(rowCapacity: rows.count + 7, columns: inputs)
            var output = backend.makeMatrix(rowCapacity: rows.count + 7, columns: outputs)
            input.values = [Float](repeating: .nan, count: (rows.count + 7) * inputs)
            output.values = [Float](repeating: .nan, count: (rows.count + 7) * outputs)
            input.values = rows.flatMap { $0 }
            backend.linear(input, parameters, activation: activation, into: &output)
            let values = output.values
            return (0..<rows.count).map { Array(values[$0 * outputs..<($0 + 1) * outputs]) }
        }
    }

    private func makeRows(_ count: Int, width: Int, seed: UInt64) -> [[Float]] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in random.floats(width) }
    }

    /// Widths that are multiples of sixteen and of nothing more, and those of all-MiniLM-L6-v2.
    static let shapes = [(16, 16), (16, 176), (112, 16), (80, 112), (176, 208), (384, 1152), (1536, 384)]

    @Test("agree with each other at every height of a tile, and on both sides of a block's end", arguments: shapes)
    func agreement(inputs: Int, outputs: Int) {
        let (packed, openBLAS) = (
            Layer(.packed, inputs: inputs, outputs: outputs), Layer(.openBLAS, inputs: inputs, outputs: outputs)
        )
        for count in Array(1...13) + [95, 102, 191, 192, 193, 198, 199, 385] {
            let rows = makeRows(count, width: inputs, seed: UInt64(count))
            for activation in Activation.allCases {
                let difference = LargestDifference(
                    packed(rows, activation).flatMap { $0 }, openBLAS(rows, activation).flatMap { $0 })
                // Each may be half as far from the exact result.
                #expect(
                    difference.value <= 3e-5,
                    "\(count) rows, \(activation): \(difference.description(columns: outputs))")
            }
        }
    }

    @Test(
        "packed: a row has the same bits alone and among any 1 to 256 others, wherever it stands",
        arguments: [(16, 48), (80, 112), (384, 32)])
    func batchInvariance(inputs: Int, outputs: Int) {
        let layer = Layer(.packed, inputs: inputs, outputs: outputs)
        let rows = makeRows(300, width: inputs, seed: 3)
        for activation in Activation.allCases {
            let alone = rows.flatMap { layer([$0], activation) }
            var random = SeededGenerator(seed: 4)
            for count in (1...256).shuffled(using: &random) {
                let chosen = rows.indices.shuffled(using: &random).prefix(count)
                let together = layer(chosen.map { rows[$0] }, activation)
                let differing = zip(chosen, together).filter { alone[$0] != $1 }.map(\.0)
                #expect(differing.isEmpty, "\(activation), \(count) rows: rows \(differing) have other bits")
            }
        }
    }

    @Test("packed: a row that is NaN or infinite leaves its neighbors alone")
    func neighbors() {
        let layer = Layer(.packed, inputs: 32, outputs: 48)
        let rows = makeRows(13, width: 32, seed: 5)
        let expected = layer(rows, .gelu)
        for bad in rows.indices {
            var spoiled = rows
            spoiled[bad] = [Float](repeating: .nan, count: 31) + [.infinity]
            let actual = layer(spoiled, .gelu)
            #expect(actual[bad].allSatisfy { $0.isNaN })
            #expect(rows.indices.allSatisfy { $0 == bad || actual[$0] == expected[$0] })
        }
    }

    @Test("packed: no rows are no work")
    func noRows() {
        #expect(Layer(.packed, inputs: 16, outputs: 16)([], .none).isEmpty)
    }

    @Test("packed: the instructions of the processor do not change a bit", arguments: shapes)
    func instructions(inputs: Int, outputs: Int) {
        let (widest, baseline) = (
            Layer(.packed, inputs: inputs, outputs: outputs), Layer(.packedBaseline, inputs: inputs, outputs: outputs)
        )
        for count in [1, 6, 13, 199] {
            let rows = makeRows(count, width: inputs, seed: UInt64(count))
            for activation in Activation.allCases {
                #expect(widest(rows, activation) == baseline(rows, activation), "\(count) rows, \(activation)")
            }
        }
    }

    @Test("say their instructions")
    func descriptions() {
        let engines = GEMMEngine.allCases.map(\.description)
        #expect(engines.first == "\(GEMMEngine.packed)" && engines.last?.hasPrefix("OpenBLAS ") == true)
        #expect(Set(engines).count == engines.count)
    }
}
