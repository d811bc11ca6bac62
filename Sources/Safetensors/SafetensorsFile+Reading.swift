import Glibc

extension SafetensorsFile {
    /// Copies out a tensor of type `F32`, `F16` or `BF16` as single-precision floats, row-major.
    ///
    /// Every conversion is exact. A value that is NaN or infinite is refused: a model with one such weight answers
    /// every text with NaN, hours later and far from the cause.
    public func floats(named name: String, shape: [Int]) throws(SafetensorsError) -> [Float] {
        let tensor = try require(name, shape: shape, dtypes: [.float32, .float16, .bfloat16])
        let values: [Float] =
            switch tensor.dtype {
            case .float16:
                elements(of: tensor) { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
            case .bfloat16:
                elements(of: tensor) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
            default:
                elements(of: tensor) { (bits: UInt32) in Float(bitPattern: bits) }
            }

        guard allFinite(values) else {
            let index = values.firstIndex { !$0.isFinite } ?? 0
            throw .nonFinite(path: path, tensor: name, index: index, value: "\(values[index])")
        }
        return values
    }

    /// Copies out a tensor of type `I32`, row-major.
    public func int32s(named name: String, shape: [Int]) throws(SafetensorsError) -> [Int32] {
        elements(of: try require(name, shape: shape, dtypes: [.int32])) { (integer: Int32) in integer }
    }

    /// Copies out a tensor of type `I64`, row-major.
    public func int64s(named name: String, shape: [Int]) throws(SafetensorsError) -> [Int64] {
        elements(of: try require(name, shape: shape, dtypes: [.int64])) { (integer: Int64) in integer }
    }

    /// Finds a tensor and checks that it is what the caller needs.
    private func require(
        _ name: String, shape: [Int], dtypes: [SafetensorsDType]
    ) throws(SafetensorsError) -> SafetensorsTensor {
        guard let tensor = tensor(named: name) else {
            throw .tensorNotFound(path: path, tensor: name)
        }
        guard tensor.shape == shape else {
            throw .shapeMismatch(path: path, tensor: name, expected: shape, got: tensor.shape)
        }
        guard dtypes.contains(tensor.dtype) else {
            throw .dtypeMismatch(path: path, tensor: name, expected: dtypes, got: tensor.dtype)
        }
        return tensor
    }

    /// Tells whether no element is NaN or infinite, without an early exit, so that the compiler vectorises the loop.
    private func allFinite(_ values: [Float]) -> Bool {
        var largest: UInt32 = 0
        for value in values {
            // Bit patterns without sign are ordered like the magnitudes, and those of NaN lie above that of infinity.
            largest = max(largest, value.magnitude.bitPattern)
        }
        return largest < Float.infinity.bitPattern
    }

    /// Converts each element of a tensor whose type is as wide as `Stored`.
    @inline(__always)
    private func elements<Stored: FixedWidthInteger & BitwiseCopyable, Element: BitwiseCopyable>(
        of tensor: SafetensorsTensor, _ convert: (Stored) -> Element
    ) -> [Element] {
        unsafe withUnsafeElements(of: tensor) { source in
            unsafe [Element](unsafeUninitializedCapacity: tensor.elementCount) { destination, count in
                unsafe adviseHugePages(for: UnsafeMutableRawBufferPointer(destination))
                for index in 0..<tensor.elementCount {
                    let stored = unsafe source.loadUnaligned(
                        fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self)
                    unsafe destination.initializeElement(at: index, to: convert(Stored(littleEndian: stored)))
                }
                count = tensor.elementCount
            }
        }
    }

    /// Asks the kernel to back fresh memory with huge pages.
    ///
    /// Most of the time of a large copy goes into page faults, one every 4 KiB: 90 MB took 80 ms, and 24 ms with pages
    /// of 2 MiB. It is advice, and a kernel may ignore it.
    private func adviseHugePages(for memory: UnsafeMutableRawBufferPointer) {
        guard memory.count >= 2 << 20, let base = memory.baseAddress else { return }
        let start = unsafe base.alignedUp(toMultipleOf: Int(getpagesize()))
        unsafe madvise(start, memory.count - (start - base), MADV_HUGEPAGE)
    }
}
