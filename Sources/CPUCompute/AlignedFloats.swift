import Glibc

/// Owns a block of floats that begins at a page and holds zeros, so that no operation ever reads garbage bits.
///
/// The memory comes from the kernel, which has zeroed it, in huge pages where it has them: a model's weights are tens of
/// megabytes, and each small page costs a fault at its first use.
@safe final class AlignedFloats {
    let base: UnsafeMutablePointer<Float>
    private let memory: UnsafeMutableRawBufferPointer

    init(count: Int) {
        let byteCount = 4 * max(count, 1)
        let start = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start = unsafe start, unsafe start != MAP_FAILED else {
            fatalError("no memory for \(byteCount) bytes of weights or activations")
        }
        // A kernel without huge pages refuses, and does without.
        _ = unsafe madvise(start, byteCount, MADV_HUGEPAGE)
        unsafe memory = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
        unsafe base = start.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    deinit { unsafe munmap(memory.baseAddress, memory.count) }
}
