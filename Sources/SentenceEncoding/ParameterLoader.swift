import Compute

/// Gives the values of a named tensor of the expected shape, row-major, or refuses.
typealias TensorSource = (_ name: String, _ shape: [Int]) throws(SentenceEncodingError) -> [Float]

/// Turns tensors into the backend's parameters.
struct ParameterLoader<Backend: ComputeBackend> {
    let backend: Backend
    let epsilon: Float
    let tensor: TensorSource

    func parameter(_ name: String, _ shape: [Int]) throws(SentenceEncodingError) -> Backend.Parameter {
        backend.parameter(try tensor(name, shape), shape: shape)
    }

    func linear(_ name: String, _ shape: [Int]) throws(SentenceEncodingError) -> LinearParameters<Backend.Parameter> {
        LinearParameters(
            weight: backend.linearWeight(try tensor("\(name).weight", shape), shape: shape),
            bias: try parameter("\(name).bias", [shape[0]]))
    }

    func norm(_ name: String, _ width: Int) throws(SentenceEncodingError) -> LayerNormParameters<Backend.Parameter> {
        LayerNormParameters(
            weight: try parameter("\(name).weight", [width]), bias: try parameter("\(name).bias", [width]),
            epsilon: epsilon)
    }

    /// Layers of equal shape `[M, K]` as one of shape `[count · M, K]`.
    func stacked(
        _ names: [String], _ shape: [Int]
    ) throws(SentenceEncodingError) -> LinearParameters<Backend.Parameter> {
        var weights: [Float] = []
        var biases: [Float] = []
        for name in names {
            weights += try tensor("\(name).weight", shape)
            biases += try tensor("\(name).bias", [shape[0]])
        }
        let rows = names.count * shape[0]
        return LinearParameters(
            weight: backend.linearWeight(weights, shape: [rows, shape[1]]),
            bias: backend.parameter(biases, shape: [rows]))
    }
}
