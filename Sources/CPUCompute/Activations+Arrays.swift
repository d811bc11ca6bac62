/// The functions over arrays of whole ``Lanes``: what a measurement of them alone calls.
///
/// The operations have them inlined. Called lanes by lanes from another module, it would be the calls that are measured.
extension Activations {
    /// Applies ``gelu(_:)`` to every element.
    package static func gelu(_ input: [Float], into output: inout [Float]) {
        map(input, into: &output) { gelu($0) }
    }

    /// Applies ``expNonPositive(_:)`` to every element.
    package static func expNonPositive(_ input: [Float], into output: inout [Float]) {
        map(input, into: &output) { expNonPositive($0) }
    }

    @inline(__always)
    private static func map(_ input: [Float], into output: inout [Float], _ function: (Lanes) -> Lanes) {
        precondition(input.count == output.count && input.count.isMultiple(of: 16), "the arrays are not whole lanes")
        unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                guard let source = source.baseAddress, let target = target.baseAddress else { return }
                for index in stride(from: 0, to: input.count, by: 16) {
                    unsafe target.store(function(source.lanes(at: index)), at: index)
                }
            }
        }
    }
}
