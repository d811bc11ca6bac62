/// A weight in host memory, row-major.
public struct CPUParameter: Sendable {
    /// The sizes of its dimensions, outermost first.
    package let shape: [Int]
    /// `shape` product values.
    package let values: [Float]

    package init(_ values: [Float], shape: [Int]) {
        precondition(
            values.count == shape.reduce(1, *),
            "a parameter of shape \(shape) needs that many values, got \(values.count)")
        self.shape = shape
        self.values = values
    }
}

/// An activation in host memory: row-major, a fixed capacity, a row count that changes with each chunk.
///
/// The memory belongs to the value that ``CPUBackend/makeMatrix(rowCapacity:columns:)`` made and to its copies, which all
/// see the same numbers. It is not `Sendable`: a matrix stays with the worker that made it.
public struct CPUMatrix {
    /// The width of a row.
    package let columns: Int
    /// The most rows it can hold.
    package let rowCapacity: Int
    /// The rows in use.
    package private(set) var rows = 0
    private let storage: Storage

    package init(rowCapacity: Int, columns: Int) {
        self.columns = columns
        self.rowCapacity = rowCapacity
        storage = Storage(count: rowCapacity * columns)
    }

    /// Sets the number of rows in use; their contents are whatever the memory held.
    mutating func setRows(_ count: Int) {
        precondition(count <= rowCapacity, "a matrix for \(rowCapacity) rows was given \(count)")
        rows = count
    }

    /// The first float of a row.
    @inline(__always) func row(_ index: Int) -> UnsafeMutablePointer<Float> {
        unsafe storage.base + index * columns
    }

    /// The rows in use, one after another.
    package var values: [Float] {
        get { unsafe Array(UnsafeBufferPointer(start: storage.base, count: rows * columns)) }
        set {
            setRows(newValue.count / columns)
            for (index, value) in newValue.enumerated() { unsafe storage.base[index] = value }
        }
    }

    /// Owns the memory: aligned to a cache line, zeroed once so that no operation ever reads garbage bits.
    @safe private final class Storage {
        let base: UnsafeMutablePointer<Float>

        init(count: Int) {
            let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
            unsafe base = bytes.initializeMemory(as: Float.self, repeating: 0, count: max(count, 1))
        }

        deinit { unsafe base.deallocate() }
    }
}
