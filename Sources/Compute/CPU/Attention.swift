/// Scaled dot-product self-attention (Vaswani et al., arXiv:1706.03762) of one text and one head at a time.
///
/// A text has L tokens, a head D columns. Keys are first copied transposed, `[D, L]`, and values as they are, `[L, D]`,
/// both padded with zeros to whole ``Lanes``. Then both products, scores and context, have the same form
/// `C[i, 16 columns] = Σ A[i, k] · B[k, 16 columns]`, which ``multiply`` computes for four rows at a time in registers.
/// This avoids 24 small sgemm calls a text and layer, whose overhead exceeds their arithmetic on short texts.
struct Attention {
    /// The width of a head, D.
    private let headWidth: Int
    /// D rounded up to whole lanes.
    private let paddedWidth: Int
    private let scale: Float

    init(headWidth: Int) {
        self.headWidth = headWidth
        paddedWidth = Self.roundUp(headWidth, to: 16)
        scale = 1 / Float(headWidth).squareRoot()
    }

    /// Attends inside each text: packed query, key and value `[N, 3H]` → `[N, H]`.
    func callAsFunction(_ packedQKV: CPUMatrix, boundaries: TextBoundaries, into output: CPUMatrix) {
        let longest = (0..<boundaries.textCount).map { boundaries.rows(ofText: $0).count }.max() ?? 0
        let capacity = Self.roundUp(longest, to: 16)
        let scratch = 2 * paddedWidth * capacity + Self.roundUp(longest, to: 4) * capacity
        unsafe withUnsafeTemporaryAllocation(byteCount: 4 * scratch, alignment: 64) { bytes in
            guard let base = unsafe bytes.baseAddress?.bindMemory(to: Float.self, capacity: scratch) else { return }
            for text in 0..<boundaries.textCount {
                for head in 0..<(output.columns / headWidth) {
                    unsafe attend(packedQKV, output, rows: boundaries.rows(ofText: text), head: head, scratch: base)
                }
            }
        }
    }

    /// One text, one head.
    private func attend(
        _ packedQKV: CPUMatrix, _ output: CPUMatrix, rows: Range<Int>, head: Int, scratch: UnsafeMutablePointer<Float>
    ) {
        let (length, hidden, stride) = (rows.count, output.columns, packedQKV.columns)
        let paddedLength = Self.roundUp(length, to: 16)
        let keys = unsafe scratch  // [D, L]
        let values = unsafe keys + paddedWidth * paddedLength  // [L, D]
        let scores = unsafe values + paddedLength * paddedWidth  // [L, L]
        let queries = unsafe packedQKV.row(rows.lowerBound) + head * headWidth
        unsafe gather(queries + hidden, stride: stride, length: length, keys: keys, values: values)

        for row in Swift.stride(from: 0, to: length, by: 4) {
            let count = min(4, length - row)
            let block = unsafe scores + row * paddedLength
            unsafe Self.multiply(
                queries + row * stride, stride, keys, paddedLength, inner: headWidth, rows: count,
                columns: paddedLength, into: block, paddedLength)
            for index in 0..<count {
                unsafe softmax(block + index * paddedLength, length: length)
            }
            unsafe contextRows(
                block, paddedLength, values, length: length, rows: count,
                into: output.row(rows.lowerBound + row) + head * headWidth, hidden)
        }
    }

    /// Copies the keys of a head transposed and its values as they are, padding both with zeros.
    @inline(__always)
    private func gather(
        _ keyRows: UnsafePointer<Float>, stride: Int, length: Int, keys: UnsafeMutablePointer<Float>,
        values: UnsafeMutablePointer<Float>
    ) {
        let paddedLength = Self.roundUp(length, to: 16)
        for token in 0..<length {
            let key = unsafe keyRows + token * stride
            let value = unsafe key + stride / 3
            for column in 0..<headWidth {
                unsafe keys[column * paddedLength + token] = key[column]
                unsafe values[token * paddedWidth + column] = value[column]
            }
            for column in headWidth..<paddedWidth { unsafe values[token * paddedWidth + column] = 0 }
        }
        for column in 0..<headWidth {
            for token in length..<paddedLength { unsafe keys[column * paddedLength + token] = 0 }
        }
    }

    /// Turns the scores of one query into weights that sum to 1; the padding behind `length` becomes 0.
    @inline(__always)
    private func softmax(_ row: UnsafeMutablePointer<Float>, length: Int) {
        let paddedLength = Self.roundUp(length, to: 16)
        for column in length..<paddedLength { unsafe row[column] = -.infinity }
        var largest = Lanes(repeating: -.infinity)
        for column in Swift.stride(from: 0, to: paddedLength, by: 16) {
            unsafe largest = .maximum(largest, row.lanes(at: column))
        }
        let shift = Lanes(repeating: -scale * largest.largest)
        var sum = Lanes.zero
        for column in Swift.stride(from: 0, to: paddedLength, by: 16) {
            let weight = unsafe Activations.expNonPositive(.fma(scale, row.lanes(at: column), shift))
            sum += weight
            unsafe row.store(weight, at: column)
        }
        let inverse = 1 / sum.total
        for column in Swift.stride(from: 0, to: paddedLength, by: 16) {
            unsafe row.store(row.lanes(at: column) * inverse, at: column)
        }
        for column in length..<paddedLength { unsafe row[column] = 0 }
    }

    /// Writes `rows` rows of a head's context; a head whose width is not a whole number of lanes goes through a buffer.
    @inline(__always)
    private func contextRows(
        _ weights: UnsafePointer<Float>, _ weightStride: Int, _ values: UnsafePointer<Float>, length: Int, rows: Int,
        into output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        if headWidth == paddedWidth {
            unsafe Self.multiply(
                weights, weightStride, values, paddedWidth, inner: length, rows: rows, columns: paddedWidth,
                into: output, outputStride)
            return
        }
        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * paddedWidth) { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe Self.multiply(
                weights, weightStride, values, paddedWidth, inner: length, rows: rows, columns: paddedWidth,
                into: base, paddedWidth)
            for row in 0..<rows {
                unsafe (output + row * outputStride).update(from: base + row * paddedWidth, count: headWidth)
            }
        }
    }

    /// `C = A · B` for one to four rows of A and whole lanes of columns: `[rows, inner] · [inner, columns]`.
    ///
    /// Four rows of sixteen columns are eight AVX2 accumulators, fed by one load of B and four broadcasts of A: the two
    /// multiply-add units stay busy and nothing spills. Missing rows repeat the last one and are not stored.
    @inline(__always)
    private static func multiply(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<Float>, _ bStride: Int, inner: Int, rows: Int,
        columns: Int, into c: UnsafeMutablePointer<Float>, _ cStride: Int
    ) {
        let a0 = unsafe a
        let a1 = unsafe a + min(1, rows - 1) * aStride
        let a2 = unsafe a + min(2, rows - 1) * aStride
        let a3 = unsafe a + min(3, rows - 1) * aStride
        for column in Swift.stride(from: 0, to: columns, by: 16) {
            var c0 = Lanes.zero
            var c1 = Lanes.zero
            var c2 = Lanes.zero
            var c3 = Lanes.zero
            var source = unsafe b + column
            for k in 0..<inner {
                let lanes = unsafe source.lanes(at: 0)
                c0 = unsafe .fma(a0[k], lanes, c0)
                c1 = unsafe .fma(a1[k], lanes, c1)
                c2 = unsafe .fma(a2[k], lanes, c2)
                c3 = unsafe .fma(a3[k], lanes, c3)
                unsafe source += bStride
            }
            unsafe c.store(c0, at: column)
            if rows > 1 { unsafe c.store(c1, at: cStride + column) }
            if rows > 2 { unsafe c.store(c2, at: 2 * cStride + column) }
            if rows > 3 { unsafe c.store(c3, at: 3 * cStride + column) }
        }
    }

    private static func roundUp(_ value: Int, to multiple: Int) -> Int {
        (value + multiple - 1) / multiple * multiple
    }
}
