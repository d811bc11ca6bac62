import Compute

/// Scaled dot-product self-attention (Vaswani et al., arXiv:1706.03762) of one text and one head at a time.
///
/// A text has L tokens, a head D columns. Its keys become panels of sixteen tokens, `[L / 16, D, 16]`, its values panels of
/// sixteen columns, `[D / 16, L, 16]`. Then both products, scores and context, are what ``PanelKernel`` multiplies. Six queries
/// go through scores, softmax and context while their weights and a panel are in the nearest cache: see
/// <doc:0001-attention-kernel>.
struct Attention {
    /// The width of a head, D.
    private let headWidth: Int
    private let scale: Float
    private let bias: RelativeBias?
    private let kernel: PanelKernel

    init(headWidth: Int, bias: RelativeBias? = nil, kernel: PanelKernel) {
        self.headWidth = headWidth
        self.bias = bias
        self.kernel = kernel
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
                    for first in stride(from: 0, to: rows.count, by: PanelKernel.rows) {
                        let queries = first..<min(first + PanelKernel.rows, rows.count)
                        unsafe score(
                            packedQKV.row(rows.lowerBound + first) + head * headWidth, packedQKV.columns,
                            length: rows.count, scratch)
                        for query in queries {
                            let scores = unsafe scratch.scores + (query - first) * roundUp(rows.count)
                            if let bias {
                                unsafe bias.add(head: head, query: query, to: scores, count: rows.count, scale: scale)
                            }
                            unsafe scratch.factors[query - first] = softmax(scores, length: rows.count)
                        }
                        let target = unsafe output.row(rows.lowerBound + first) + head * headWidth
                        unsafe mix(queries.count, length: rows.count, scratch, into: target, output.columns)
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

    /// The product of six queries with each key, not yet divided by √D.
    @inline(__always)
    private func score(_ queries: UnsafePointer<Float>, _ stride: Int, length: Int, _ scratch: Scratch) {
        let (padded, width) = (roundUp(length), PanelKernel.columns)
        unsafe PanelKernel.interleave(queries, stride, inner: roundUp(headWidth), into: scratch.interleaved)
        for column in Swift.stride(from: 0, to: padded, by: kernel.panels * width) {
            unsafe kernel.multiply(
                scratch.interleaved, inner: headWidth, scratch.keys + column * roundUp(headWidth),
                roundUp(headWidth) * width, panels: min(kernel.panels, (padded - column) / width),
                start: scratch.zeros, 0, into: scratch.scores + column, padded)
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
        // Powers of 2 instead of e: the factor that this takes is in the one by √D.
        let scale = scale * 1.442695
        let shift = -scale * top
        // The product is rounded, so the largest score is off by as much: too much for `exp2NonPositive` where scores are in
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
            let weight = unsafe Activations.exp2NonPositive(exponent(row.lanes(at: column)))
            sum += weight
            unsafe row.store(weight, at: column)
        }
        return 1 / sum.total
    }

    /// The values of all tokens in the proportion of their weights, for the first `rows` of six queries.
    @inline(__always)
    private func mix(
        _ rows: Int, length: Int, _ scratch: Scratch, into output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        let (padded, width) = (roundUp(headWidth), PanelKernel.columns)
        unsafe PanelKernel.interleave(
            scratch.scores, roundUp(length), inner: roundUp(length), into: scratch.interleaved)
        for column in stride(from: 0, to: padded, by: kernel.panels * width) {
            unsafe kernel.multiply(
                scratch.interleaved, inner: length, scratch.values + column * length, length * width,
                panels: min(kernel.panels, (padded - column) / width), start: scratch.zeros, 0,
                into: scratch.context + column, padded)
        }
        for row in 0..<rows {
            let (source, target) = unsafe (scratch.context + row * padded, output + row * outputStride)
            let factor = unsafe scratch.factors[row]
            for column in stride(from: 0, to: headWidth, by: width) {
                let lanes = unsafe source.lanes(at: column) * factor
                guard column + width > headWidth else {
                    unsafe target.store(lanes, at: column)
                    continue
                }
                // What is left of a head whose width is no multiple of sixteen; the next head begins behind it.
                for lane in 0..<(headWidth - column) { unsafe target[column + lane] = lanes[lane] }
            }
        }
    }

    /// Memory for one head of one text.
    @unsafe private struct Scratch {
        /// Keys in panels of tokens.
        let keys: UnsafeMutablePointer<Float>
        /// Values in panels of columns.
        let values: UnsafeMutablePointer<Float>
        /// Scores, then weights, of six queries: a row of whole lanes each.
        let scores: UnsafeMutablePointer<Float>
        /// Six queries, later their weights, interleaved.
        let interleaved: UnsafeMutablePointer<Float>
        /// Six rows of context, a head wide.
        let context: UnsafeMutablePointer<Float>
        /// The factors by which the weights of the six sum to 1.
        let factors: UnsafeMutablePointer<Float>
        /// What sums begin with, for two panels.
        let zeros: UnsafeMutablePointer<Float>

        static func withScratch(length: Int, headWidth: Int, _ body: (Scratch) -> Void) {
            let (length, rows, width) = (roundUp(length), PanelKernel.rows, PanelKernel.columns)
            let headWidth = roundUp(headWidth)
            let sizes = [
                length * headWidth, length * headWidth, rows * length, rows * max(length, headWidth) + width,
                rows * headWidth, width, 2 * width,
            ]
            let count = sizes.reduce(0, +)
            unsafe withUnsafeTemporaryAllocation(byteCount: 4 * count, alignment: 64) { bytes in
                guard var next = unsafe bytes.baseAddress?.bindMemory(to: Float.self, capacity: count) else { return }
                unsafe next.initialize(repeating: 0, count: count)
                let parts = unsafe sizes.map { size in
                    defer { unsafe next += size }
                    return unsafe next
                }
                unsafe body(
                    Scratch(
                        keys: parts[0], values: parts[1], scores: parts[2], interleaved: parts[3], context: parts[4],
                        factors: parts[5], zeros: parts[6]))
            }
        }
    }
}

/// The next multiple of sixteen.
private func roundUp(_ value: Int) -> Int { (value + 15) / 16 * 16 }
