package import Compute

/// A weight on the GPU.
public struct CUDAParameter: Sendable {
    let shape: [Int]
    let memory: DeviceMemory

    init(_ device: CUDADevice, _ values: [Float], shape: [Int], storage: Storage) throws(CUDAError) {
        precondition(values.count == shape.reduce(1, *))
        self.shape = shape
        memory = try DeviceMemory(device, byteCount: values.count * storage.byteCount)
        switch storage {
        case .float32: try memory.write(values)
        case .float16: try memory.write(values.map { Float16($0) })
        }
    }
}

/// An activation on the GPU, row-major: room for a number of rows, of which the last operation has set some.
///
/// The memory is large enough for float32, which pooling writes in either precision.
public struct CUDAMatrix {
    let columns: Int
    private(set) var rows = 0
    private(set) var storage: Storage
    private let rowCapacity: Int
    let stream: CUDAStream
    let memory: DeviceMemory

    init(_ stream: CUDAStream, rowCapacity: Int, columns: Int, storage: Storage) throws(CUDAError) {
        self.rowCapacity = rowCapacity
        self.columns = columns
        self.storage = storage
        self.stream = stream
        memory = try DeviceMemory(stream.device, byteCount: rowCapacity * columns * Storage.float32.byteCount)
    }

    mutating func setRows(_ count: Int, storage: Storage) {
        precondition(count <= rowCapacity, "\(count) rows do not fit into \(rowCapacity)")
        (rows, self.storage) = (count, storage)
    }

    /// Replaces the rows by row-major values, stored in the way of a precision; for tests, since a model's come from `embed`.
    package mutating func replaceRows(by values: [Float], precision: Precision) throws(CUDAError) {
        setRows(values.count / columns, storage: precision.storage)
        stream.settle()
        switch storage {
        case .float32: try memory.write(values)
        case .float16: try memory.write(values.map { Float16($0) })
        }
    }
}
