import Compute

/// Scaled dot-product self-attention (Vaswani et al., arXiv:1706.03762) of one text and one head at a time.
///
/// A text has L tokens, a head D columns. Its keys become panels of sixteen tokens, `[L / 16][D][16]`, its values panels of
/// sixteen columns, `[D / 16][L][16]`. Then both products, scores and context, are what
/// ``PanelKernel`` multiplies. A dozen queries go through scores, softmax and context while their weights and a panel are in
/// the nearest cache: see <doc:0001-attention-kernel>.
struct Attention {
    /// The queries whose weights are held at a time.
    private static let blockRows = 2 * PanelKernel.rows

    /// The width of a head, D.
    private let headWidth: Int
    private let scale: Float
    private let bias: RelativeBias?

    init(headWidth: Int, bias: RelativeBias? = nil) {
        self.headWidth = headWidth
        self.bias = bias
        scale = 1 / Float(headWidth).squareRoot()
    }

    /// Attends inside each text: packed query, key and value `[N, 3H]` → `[N, H]`.
    func callAsFunction(_ packedQKV: CPUMatrix, boundaries: TextBoundaries, into output: CPUMatrix) {
        let longest = (0..<boundaries.textCount).map { boundaries.rows(ofText: $0).count }.max() ?? 0
        unsafe Scratch.withScratch(length: longest, headWidth: headWidth) { scratch in
            for text in 0..<boundaries.textCount {
                let rows = boundaries.rows(ofText: text)
                for head in 0..<(output.columns / headWidth) {
                    unsafe gather(packedQKV, rows, head, scratch)
                    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.blockRows) {
                        let queries = start..<min(start + Self.blockRows, rows.upperBound)
                        unsafe score(packedQKV, queries, head, length: rows.count, scratch)
                        for query in 0..<queries.count {
                            let scores = unsafe scratch.weights + query * roundUp(rows.count)
                            if let bias {
                                unsafe bias.add(
                                    head: head, query: start - rows.lowerBound + query, to: scores,
                                    count: rows.count, scale: scale)
                            }
                            unsafe scratch.scales[query] = softmax(scores, length: rows.count)
                        }
                        unsafe mix(queries, head, length: rows.count, scratch, into: output)
                    }
                }
            }
        }
    }

    /// Copies the keys and the values of a head into panels, whole lanes at a time: behind a head whose width is no multiple
    /// of sixteen, and behind the last token, stands what no product reads or what is cut off its result.
    @inline(__always)
    private func gather(_ packedQKV: CPUMatrix, _ rows: Range<Int>, _ head: Int, _ scratch: Scratch) {
        let (length, width) = (rows.count, PanelKernel.columns)
        let keyColumn = packedQKV.columns / 3 + head * headWidth
        let valueColumn = keyColumn + packedQKV.columns / 3
        for token in stride(from: 0, to: roundUp(length), by: 4) {
            let panel = unsafe scratch.keys + token / width * roundUp(headWidth) * width + token % width
            for column in stride(from: 0, to: headWidth, by: width) {
                @inline(__always) func key(_ offset: Int) -> Lanes {
                    guard token + offset < length else { return .zero }
                    return unsafe packedQKV.row(rows.lowerBound + token + offset).lanes(at: keyColumn + column)
                }
                unsafe Lanes.storeTransposed(key(0), key(1), key(2), key(3), at: panel + column * width, stride: width)
            }
        }
        for token in 0..<length {
            let value = unsafe packedQKV.row(rows.lowerBound + token) + valueColumn
            for column in stride(from: 0, to: headWidth, by: width) {
                unsafe scratch.values.store(value.lanes(at: column), at: column * length + token * width)
            }
        }
    }

    /// The product of each query with each key, not yet divided by √D.
    @inline(__always)
    private func score(
        _ packedQKV: CPUMatrix, _ queries: Range<Int>, _ head: Int, length: Int, _ scratch: Scratch
    ) {
        let (padded, stride) = (roundUp(length), packedQKV.columns)
        for column in Swift.stride(from: 0, to: padded, by: PanelKernel.columns) {
            for row in Swift.stride(from: 0, to: queries.count, by: PanelKernel.rows) {
                unsafe PanelKernel.multiply(
                    rows: min(queries.count - row, PanelKernel.rows),
                    packedQKV.row(queries.lowerBound + row) + head * headWidth, stride, inner: headWidth,
                    scratch.keys + column * roundUp(headWidth), start: .zero,
                    into: scratch.weights + row * padded + column, padded
                ) { sum, _ in sum }
            }
        }
    }

    /// Turns the scores of one query into weights, and returns the factor by which they sum to 1.
    @inline(__always)
    private func softmax(_ row: UnsafeMutablePointer<Float>, length: Int) -> Float {
        let padded = roundUp(length)
        for column in length..<padded { unsafe row[column] = -.infinity }
        var largest = Lanes(repeating: -.infinity)
        for column in stride(from: 0, to: padded, by: PanelKernel.columns) {
            unsafe largest = .maximum(largest, row.lanes(at: column))
        }
        let top = largest.largest
        let shift = -scale * top
        // The product is rounded, so the largest score is off by as much: too much for `expNonPositive` where scores are in
        // the millions. There the largest is subtracted first.
        guard shift.addingProduct(scale, top).magnitude < 0x1p-8 else {
            return unsafe weigh(row, padded) { scale * ($0 - top) }
        }
        return unsafe weigh(row, padded) { .fma(scale, $0, Lanes(repeating: shift)) }
    }

    /// Replaces scores by the powers of their exponents, and returns the factor by which they sum to 1.
    @inline(__always)
    private func weigh(
        _ row: UnsafeMutablePointer<Float>, _ padded: Int, _ exponent: (Lanes) -> Lanes
    ) -> Float {
        var sum = Lanes.zero
        for column in stride(from: 0, to: padded, by: PanelKernel.columns) {
            let weight = unsafe Activations.expNonPositive(exponent(row.lanes(at: column)))
            sum += weight
            unsafe row.store(weight, at: column)
        }
        return 1 / sum.total
    }

    /// The values of all tokens in the proportion of their weights.
    @inline(__always)
    private func mix(
        _ queries: Range<Int>, _ head: Int, length: Int, _ scratch: Scratch, into output: CPUMatrix
    ) {
        let (padded, width) = (roundUp(length), PanelKernel.columns)
        for column in stride(from: 0, to: headWidth, by: width) {
            let isWhole = column + width <= headWidth
            for row in stride(from: 0, to: queries.count, by: PanelKernel.rows) {
                let rows = min(queries.count - row, PanelKernel.rows)
                let target = unsafe output.row(queries.lowerBound + row) + head * headWidth + column
                let scales = unsafe scratch.scales + row
                unsafe PanelKernel.multiply(
                    rows: rows, scratch.weights + row * padded, padded, inner: length,
                    scratch.values + column * length, start: .zero, into: isWhole ? target : scratch.partial,
                    isWhole ? output.columns : width
                ) { sum, row in unsafe sum * scales[row] }
                if !isWhole {
                    for row in 0..<rows {
                        unsafe (target + row * output.columns).update(
                            from: scratch.partial + row * width, count: headWidth - column)
                    }
                }
            }
        }
    }

    /// Memory for one head of one text.
    @unsafe private struct Scratch {
        /// Keys in panels of tokens.
        let keys: UnsafeMutablePointer<Float>
        /// Values in panels of columns.
        let values: UnsafeMutablePointer<Float>
        /// Scores, then weights, of a block of queries: a row of whole lanes each.
        let weights: UnsafeMutablePointer<Float>
        /// The factor of each query.
        let scales: UnsafeMutablePointer<Float>
        /// Context of a panel that is wider than what is left of the head.
        let partial: UnsafeMutablePointer<Float>

        static func withScratch(length: Int, headWidth: Int, _ body: (Scratch) -> Void) {
            let columns = roundUp(length)
            let sizes = [
                columns * roundUp(headWidth), length * roundUp(headWidth), Attention.blockRows * columns, 16,
                PanelKernel.rows * PanelKernel.columns,
            ]
            unsafe withUnsafeTemporaryAllocation(byteCount: 4 * sizes.reduce(0, +), alignment: 64) { bytes in
                guard let base = unsafe bytes.baseAddress?.bindMemory(to: Float.self, capacity: sizes.reduce(0, +))
                else { return }
                let keys = unsafe base
                let values = unsafe keys + sizes[0]
                let weights = unsafe values + sizes[1]
                let scales = unsafe weights + sizes[2]
                unsafe body(
                    Scratch(keys: keys, values: values, weights: weights, scales: scales, partial: scales + sizes[3]))
            }
        }
    }
}

/// The next multiple of sixteen.
private func roundUp(_ value: Int) -> Int { (value + 15) / 16 * 16 }
