import CPUCompute
import Compute
import ComputeTestSupport
import Foundation
import Safetensors
import Testing

/// Against values computed in float64 and rounded once, by `Scripts/make-goldens.py` and
/// `Scripts/make-architecture-goldens.py`.
@Suite("Activation kernels")
struct ActivationsTests {
    private func golden(_ name: String, in file: String = "activations.safetensors") throws -> [Float] {
        let goldens = try SafetensorsFile(contentsOf: Fixtures.path(file))
        let shape = try #require(goldens.tensor(named: name)).shape
        return try goldens.floats(named: name, shape: shape)
    }

    /// Applies a kernel to any number of values, sixteen at a time.
    private func map(_ values: [Float], _ kernel: (SIMD16<Float>) -> SIMD16<Float>) -> [Float] {
        stride(from: 0, to: values.count, by: 16).flatMap { start in
            let count = min(16, values.count - start)
            var lanes = SIMD16<Float>.zero
            for lane in 0..<count { lanes[lane] = values[start + lane] }
            let result = kernel(lanes)
            return (0..<count).map { result[$0] }
        }
    }

    @Test("GELU is off by at most 1e-6 for |x| up to 12, and by one part in 2²³ of x beyond")
    func gelu() throws {
        let (inputs, expected) = (try golden("gelu.x"), try golden("gelu.y"))
        let actual = map(inputs, Activations.gelu)
        try #require(inputs.count > 4_000)
        for index in inputs.indices {
            let allowed = inputs[index].magnitude <= 12 ? 1e-6 : inputs[index].magnitude * 0x1p-23
            let difference = (actual[index] - expected[index]).magnitude
            #expect(difference <= allowed, "x = \(inputs[index]): \(actual[index]) instead of \(expected[index])")
        }
    }

    @Test("GELU by tanh is off by at most 5e-7 for |x| up to 12, and by one part in 2²³ of x beyond")
    func geluTanh() throws {
        let file = "architectures/activations.safetensors"
        let (inputs, expected) = (try golden("gelu_new.x", in: file), try golden("gelu_new.y", in: file))
        let actual = map(inputs, Activations.geluTanh)
        try #require(inputs.count > 4_000)
        for index in inputs.indices {
            let allowed = inputs[index].magnitude <= 12 ? 5e-7 : inputs[index].magnitude * 0x1p-23
            let difference = (actual[index] - expected[index]).magnitude
            #expect(difference <= allowed, "x = \(inputs[index]): \(actual[index]) instead of \(expected[index])")
        }
        // The two forms are 5e-4 apart, or this would test nothing.
        #expect(LargestDifference(map(inputs, Activations.gelu), expected).value > 1e-4)
    }

    @Test("ReLU is exact, and NaN stays NaN")
    func relu() {
        let inputs: [Float] = [-.infinity, -3e38, -1, -0x1p-149, 0, 0x1p-149, 1, 3e38, .infinity]
        #expect(map(inputs, Activations.relu) == [0, 0, 0, 0, 0, 0x1p-149, 1, 3e38, .infinity])
        for kernel in [Activations.relu, Activations.gelu, Activations.geluTanh] {
            #expect(map([.nan], kernel)[0].isNaN)
        }
    }

    @Test("exp is off by at most 2e-7 of its value from -87 to 0, and stays where it is below")
    func exp() throws {
        let (inputs, expected) = (try golden("exp.x"), try golden("exp.y"))
        let actual = map(inputs, Activations.expNonPositive)
        try #require(inputs.count > 4_000)
        for index in inputs.indices where inputs[index] >= -87 {
            let difference = (actual[index] / expected[index] - 1).magnitude
            #expect(difference <= 2e-7, "x = \(inputs[index]): \(actual[index]) instead of \(expected[index])")
        }
        let least = map([-87], Activations.expNonPositive)
        #expect(map([-87.001, -90, -1e4, -.infinity], Activations.expNonPositive).allSatisfy { [$0] == least })
    }

    @Test("a power of 2 is off by at most 1.5e-7 of its value from -126 to 0, and stays where it is below")
    func exp2() {
        let inputs = (0...126_000).map { -Float($0) / 1_000 }
        let actual = map(inputs, Activations.exp2NonPositive)
        for (input, value) in zip(inputs, actual) {
            let expected = Foundation.exp2(Double(input))
            #expect((Double(value) / expected - 1).magnitude <= 1.5e-7, "x = \(input): \(value)")
        }
        #expect(map([0, -0.0, -1, -126], Activations.exp2NonPositive) == [1, 1, 0.5, 0x1p-126])
        #expect(map([-126.001, -1e4, -.infinity], Activations.exp2NonPositive) == [0x1p-126, 0x1p-126, 0x1p-126])
        #expect(map([.nan], Activations.exp2NonPositive)[0].isNaN)
    }

    @Test("a row of scores is never shifted to a positive number, and exp of 0 is exactly 1")
    func expOfZero() {
        #expect(map([0, -0.0], Activations.expNonPositive) == [1, 1])
    }
}
