import Compute

/// A weight in host memory, row-major or packed for the kernel that multiplies by it.
public struct CPUParameter: Sendable {
    /// The sizes of its dimensions, outermost first.
    package let shape: [Int]
    private let layout: Layout

    private enum Layout {
        case rowMajor([Float])
        case packed(PackedMatrix)
        case quantized(QuantizedMatrix)
    }

    /// Keeps the values as they are.
    package init(_ values: [Float], shape: [Int]) {
        precondition(
            values.count == shape.reduce(1, *),
            "a parameter of shape \(shape) needs that many values, got \(values.count)")
        self.shape = shape
        layout = .rowMajor(values)
    }

    /// Packs a matrix `[M, K]`, whose sizes are multiples of sixteen, for the kernels of our own.
    init(packing values: [Float], shape: [Int], precision: Precision) {
        self.shape = shape
        layout =
            switch precision {
            case .exact: .packed(PackedMatrix(values, outputs: shape[0], inputs: shape[1]))
            case .fast: .quantized(QuantizedMatrix(values, outputs: shape[0], inputs: shape[1]))
            }
    }

    /// `shape` product values, row-major; only a linear layer can use a weight that is packed.
    package var values: [Float] {
        guard case .rowMajor(let values) = layout else { preconditionFailure("a packed weight \(shape) has no rows") }
        return values
    }

    /// The panels of a weight that is packed.
    var panels: PackedMatrix? {
        guard case .packed(let panels) = layout else { return nil }
        return panels
    }

    /// The panels of a weight that is quantized.
    var quantizedPanels: QuantizedMatrix? {
        guard case .quantized(let panels) = layout else { return nil }
        return panels
    }
}

/// An activation in host memory: row-major, a fixed capacity, a row count that changes with each chunk.
///
/// The memory belongs to the value that ``CPUBackend/makeMatrix(rowCapacity:columns:on:)`` made and to its copies, which all
/// see the same numbers. It is not `Sendable`: a matrix stays with the worker that made it.
public struct CPUMatrix {
    /// The width of a row.
    package let columns: Int
    /// The most rows it can hold.
    package let rowCapacity: Int
    /// The rows in use.
    package private(set) var rows = 0
    private let storage: AlignedFloats

    package init(rowCapacity: Int, columns: Int) {
        self.columns = columns
        self.rowCapacity = rowCapacity
        // Whole tiles of rows may be written, and whole lanes loaded from any column of the last row.
        storage = AlignedFloats(count: roundUpToTile(rowCapacity) * columns + 16)
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
}
