import CPUCompute

/// The functions that are applied element by element, on as many values as stay near the core.
enum ActivationBenchmarks {
    private static let count = 12 * ModelShape.intermediateSize

    /// GELU, and the exponential function of the softmax.
    static var all: [Microbenchmark] {
        [
            // The square, ten multiply-adds, a division, a multiply-add and a product.
            Microbenchmark(name: "gelu") { apply(Activations.gelu, from: -6, to: 6, operations: 25) },
            // The power of two (3), the remainder (4), six multiply-adds and the product.
            Microbenchmark(name: "softmax exp") {
                apply(Activations.expNonPositive, from: -20, to: 0, operations: 20)
            },
        ]
    }

    private static func apply(
        _ function: @escaping ([Float], inout [Float]) -> Void, from lowest: Float, to highest: Float, operations: Int
    ) -> PreparedOperation {
        let input = (0..<count).map { lowest + (highest - lowest) * Float($0) / Float(count) }
        var output = [Float](repeating: 0, count: count)
        return PreparedOperation(work: [.operations(operations * count)]) { function(input, &output) }
    }
}
