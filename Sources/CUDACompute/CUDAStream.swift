internal import CCUDA
internal import Compute

/// What one worker has of a GPU for itself: a queue of work in its order, a cuBLAS handle, and memory that both ends share.
///
/// Operations are queued and return. The first that fails is remembered, and nothing is queued after it; `download` waits
/// for the GPU and throws what went wrong. While one worker waits, another's texts are tokenized, copied or computed.
@safe public final class CUDAStream {
    /// For cuBLAS to work in: what NVIDIA recommends for the newest of its devices ("cuBLAS", section 2.1.8).
    private static let workspaceSize = 32 << 20
    /// Floats that are copied back at a time.
    private static let resultCount = 1 << 20

    let device: CUDADevice
    private let handle: UnsafeMutableRawPointer?
    private let blas: UnsafeMutableRawPointer?
    private let workspace: DeviceMemory
    private let results: PinnedMemory<UInt32>
    private var indices: Indices?
    /// Whose offsets and tiles the GPU has.
    private var texts: TextBoundaries?
    /// Whether a queued copy may still read the host's numbers about tokens, and about texts.
    private var (tokensInFlight, textsInFlight) = (false, false)
    private var failure: CUDAError?
    /// What queued work uses, which must live until it is done.
    private var memoryInUse: [DeviceMemory] = []

    /// Numbers about the tokens of a chunk, on the host and on the GPU: ids, positions, the texts' offsets, attention's tiles.
    private struct Indices {
        let host: PinnedMemory<Int32>
        let device: DeviceMemory
        let capacity: Int
    }

    init(_ device: CUDADevice) throws(CUDAError) {
        let driver = device.driver
        try device.makeCurrent()
        var (handle, blas): (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) = (nil, nil)
        unsafe try driver.check(
            driver.functions.cuStreamCreate(&handle, UInt32(CCUDA_STREAM_NON_BLOCKING)), "cuStreamCreate")
        do throws(CUDAError) {
            unsafe try device.blas.check(device.blas.functions.cublasCreate_v2(&blas), "cublasCreate_v2")
            // The stream goes first: it takes the workspace away.
            unsafe try device.blas.check(device.blas.functions.cublasSetStream_v2(blas, handle), "cublasSetStream_v2")
            workspace = try DeviceMemory(device, byteCount: Self.workspaceSize)
            unsafe try device.blas.check(
                device.blas.functions.cublasSetWorkspace_v2(blas, workspace.address, Self.workspaceSize),
                "cublasSetWorkspace_v2")
            results = try PinnedMemory(device, count: Self.resultCount)
        } catch {
            if unsafe blas != nil { unsafe _ = device.blas.functions.cublasDestroy_v2(blas) }
            unsafe _ = driver.functions.cuStreamDestroy_v2(handle)
            throw error
        }
        self.device = device
        unsafe (self.handle, self.blas) = unsafe (handle, blas)
    }

    // Its work comes to an end before its memory goes; an error of that work was reported or is of no interest any more.
    deinit {
        settle()
        unsafe _ = device.blas.functions.cublasDestroy_v2(blas)
        unsafe _ = device.driver.functions.cuStreamDestroy_v2(handle)
    }

    // MARK: - Queueing

    /// Queues something unless something before it failed.
    private func enqueue(_ work: () throws(CUDAError) -> Void) {
        guard failure == nil else { return }
        do throws(CUDAError) {
            try device.makeCurrent()
            try work()
        } catch {
            failure = error
        }
    }

    /// Notes that an operation cannot be done.
    func fail(_ error: CUDAError) {
        if failure == nil { failure = error }
    }

    /// Queues a kernel.
    func launch(_ kernel: Kernel, grid: (x: Int, y: Int), threads: Int, _ arguments: KernelArgument...) {
        guard grid.x > 0 else { return }
        enqueue { () throws(CUDAError) in
            memoryInUse += arguments.compactMap(\.memory)
            try unsafe device.launch(kernel, grid: grid, threads: threads, stream: handle, arguments)
        }
    }

    /// Queues `y = x · Wᵀ`: `x` `[N, K]`, `W` `[M, K]` → `[N, M]`, all row-major and stored alike.
    ///
    /// cuBLAS reads columns where these are rows: it computes `yᵀ = W · xᵀ`, with the checkpoint's matrix transposed.
    func multiply(
        _ input: DeviceMemory, _ weight: DeviceMemory, into output: DeviceMemory, rows: Int, inner: Int, columns: Int,
        storage: Storage
    ) {
        guard rows > 0 else { return }
        enqueue { () throws(CUDAError) in
            memoryInUse += [input, weight, output]
            var (one, zero): (Float, Float) = (1, 0)
            let computeType = storage == .float32 ? CCUDA_BLAS_COMPUTE_32F_PEDANTIC : CCUDA_BLAS_COMPUTE_32F
            let (type, m, n, k) = (storage.cudaType, Int32(columns), Int32(rows), Int32(inner))
            unsafe try device.blas.check(
                device.blas.functions.cublasGemmEx(
                    blas, Int32(CCUDA_BLAS_OP_T), Int32(CCUDA_BLAS_OP_N), m, n, k, &one, weight.address, type, k,
                    input.address, type, k, &zero, output.address, type, m, Int32(computeType),
                    Int32(CCUDA_BLAS_GEMM_DEFAULT)), "cublasGemmEx")
        }
    }

    // MARK: - Indices

    /// Makes room for the numbers of a chunk of so many tokens: two each, and up to four for a text of one token.
    func reserve(tokens: Int) throws(CUDAError) {
        guard tokens > indices?.capacity ?? 0 else { return }
        settle()
        let count = 6 * tokens + 1
        (indices, texts) = (nil, nil)
        indices = Indices(
            host: try PinnedMemory(device, count: count),
            device: try DeviceMemory(device, byteCount: count * MemoryLayout<Int32>.stride), capacity: tokens)
    }

    /// Queues the copy of ids and positions, and returns where the GPU will have them.
    func upload(ids: [Int32], positions: [Int32]) -> (ids: KernelArgument, positions: KernelArgument) {
        guard let indices else { preconditionFailure("a matrix was made on this stream") }
        precondition(ids.count == positions.count && ids.count <= indices.capacity)
        if tokensInFlight { settle() }
        for (offset, values) in [(0, ids), (ids.count, positions)] {
            for (index, value) in values.enumerated() { unsafe indices.host.pointer[offset + index] = value }
        }
        copy(indices, from: 0, count: 2 * ids.count)
        tokensInFlight = true
        return (.memory(indices.device), .memory(indices.device, offset: 4 * ids.count))
    }

    /// Queues the copy of the texts' offsets and of attention's tiles, unless the GPU has them, and returns where they are.
    func upload(_ texts: TextBoundaries) -> (
        offsets: KernelArgument, tiles: KernelArgument, tileCount: Int
    ) {
        guard let indices else { preconditionFailure("a matrix was made on this stream") }
        precondition(texts.tokenCount <= indices.capacity)
        let start = 2 * indices.capacity
        let tiles = (0..<texts.textCount).flatMap { text in
            let rows = texts.rows(ofText: text)
            return stride(from: rows.lowerBound, to: rows.upperBound, by: AttentionTiles.queries).flatMap {
                [Int32(rows.lowerBound), Int32(rows.upperBound), Int32($0)]
            }
        }
        if self.texts != texts {
            if textsInFlight { settle() }
            let values = texts.offsets.map { Int32($0) } + tiles
            for (index, value) in values.enumerated() { unsafe indices.host.pointer[start + index] = value }
            copy(indices, from: start, count: values.count)
            (textsInFlight, self.texts) = (true, texts)
        }
        return (
            .memory(indices.device, offset: 4 * start),
            .memory(indices.device, offset: 4 * (start + texts.offsets.count)), tiles.count / 3
        )
    }

    private func copy(_ indices: Indices, from start: Int, count: Int) {
        enqueue { () throws(CUDAError) in
            unsafe try device.driver.check(
                device.driver.functions.cuMemcpyHtoDAsync_v2(
                    indices.device.address + UInt64(4 * start), indices.host.pointer + start, 4 * count, handle),
                "cuMemcpyHtoDAsync_v2")
        }
    }

    // MARK: - Waiting

    /// Waits for everything that is queued; an error is the stream's failure.
    func settle() {
        do throws(CUDAError) {
            try device.makeCurrent()
            unsafe try device.driver.check(device.driver.functions.cuStreamSynchronize(handle), "cuStreamSynchronize")
        } catch {
            fail(error)
        }
        (tokensInFlight, textsInFlight) = (false, false)
        memoryInUse.removeAll(keepingCapacity: true)
    }

    /// Waits for what was queued before, and copies elements from the GPU: as floats, whichever way they are stored.
    func download(_ memory: DeviceMemory, count: Int, storage: Storage) throws(CUDAError) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(count)
        while values.count < count {
            let piece = min(Self.resultCount, count - values.count)
            let source = memory.address + UInt64(values.count * storage.byteCount)
            enqueue { () throws(CUDAError) in
                unsafe try device.driver.check(
                    device.driver.functions.cuMemcpyDtoHAsync_v2(
                        results.pointer, source, piece * storage.byteCount, handle), "cuMemcpyDtoHAsync_v2")
            }
            settle()
            if let failure { throw failure }
            append(piece, storage, to: &values)
        }
        if let failure { throw failure }
        return values
    }

    private func append(_ count: Int, _ storage: Storage, to values: inout [Float]) {
        let bytes = unsafe UnsafeRawBufferPointer(start: results.pointer, count: count * storage.byteCount)
        for index in 0..<count {
            switch storage {
            case .float32: values.append(unsafe bytes.load(fromByteOffset: 4 * index, as: Float.self))
            case .float16: values.append(Float(unsafe bytes.load(fromByteOffset: 2 * index, as: Float16.self)))
            }
        }
    }
}
