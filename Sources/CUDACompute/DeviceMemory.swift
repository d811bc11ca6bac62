internal import CCUDA

/// Memory of the GPU, free again when nobody holds it.
///
/// The driver frees memory without a look at what is queued, so a stream holds what its work uses until that is done.
final class DeviceMemory: Sendable {
    let address: UInt64
    private let device: CUDADevice

    init(_ device: CUDADevice, byteCount: Int) throws(CUDAError) {
        try device.makeCurrent()
        var address: UInt64 = 0
        try device.driver.check(unsafe device.driver.functions.cuMemAlloc_v2(&address, byteCount), "cuMemAlloc_v2")
        self.address = address
        self.device = device
    }

    // An error in here is one of earlier work, and has been reported by what waited for that.
    deinit {
        try? device.makeCurrent()
        _ = device.driver.functions.cuMemFree_v2(address)
    }

    /// Copies values from the host, and waits until they are there.
    func write<Element: BitwiseCopyable>(_ values: [Element]) throws(CUDAError) {
        try device.makeCurrent()
        let (driver, address) = (device.driver, address)
        let code = unsafe values.withUnsafeBytes {
            unsafe driver.functions.cuMemcpyHtoDAsync_v2(address, $0.baseAddress, $0.count, nil)
        }
        // The driver has taken the values over; what it has not written yet must not be freed.
        let waited = driver.functions.cuStreamSynchronize(nil)
        if waited != 0 { unsafe _ = Unmanaged.passRetained(self) }
        try driver.check(code, "cuMemcpyHtoDAsync_v2")
        try driver.check(waited, "cuStreamSynchronize")
    }
}

/// Memory of the host that the GPU copies from and to while the host goes on.
@safe final class PinnedMemory<Element: BitwiseCopyable> {
    let pointer: UnsafeMutablePointer<Element>
    let count: Int
    private let device: CUDADevice

    init(_ device: CUDADevice, count: Int) throws(CUDAError) {
        try device.makeCurrent()
        var address: UnsafeMutableRawPointer?
        unsafe try device.driver.check(
            device.driver.functions.cuMemHostAlloc(&address, count * MemoryLayout<Element>.stride, 0), "cuMemHostAlloc")
        guard let address = unsafe address else { preconditionFailure("memory that was allocated has an address") }
        unsafe pointer = address.bindMemory(to: Element.self, capacity: count)
        self.count = count
        self.device = device
    }

    // As with the GPU's own memory.
    deinit {
        try? device.makeCurrent()
        unsafe _ = device.driver.functions.cuMemFreeHost(pointer)
    }
}
