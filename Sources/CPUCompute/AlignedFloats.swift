/// Owns a block of floats that begins at a cache line, zeroed once so that no operation ever reads garbage bits.
@safe final class AlignedFloats {
    let base: UnsafeMutablePointer<Float>

    init(count: Int) {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
        unsafe base = bytes.initializeMemory(as: Float.self, repeating: 0, count: max(count, 1))
    }

    deinit { unsafe base.deallocate() }
}
