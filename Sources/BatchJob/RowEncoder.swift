import SentenceEncoding
import Tokenization

/// Encodes rows so that a bad one costs its neighbours nothing.
///
/// Every vector is checked before it is sent, because the server would refuse the whole statement for one bad number. A
/// row is blamed only if a known text, the canary, still encodes as it did at the start; otherwise the machine is at fault
/// and the run ends without blaming anybody.
struct RowEncoder: Sendable {
    private let encoder: any TextEncoder
    private let canary: Canary

    /// A row after encoding.
    struct Result: Sendable {
        let row: DatasetRow
        let tokens: Int
        let isTruncated: Bool
        let outcome: RowOutcome
    }

    /// Encodes the canary for the first time.
    init(_ encoder: any TextEncoder) async throws {
        self.encoder = encoder
        canary = try await Canary(encoder)
    }

    /// Encodes rows in order.
    func encode(_ rows: [DatasetRow]) async throws -> [Result] {
        let texts = rows.map { row in row.source.map(encoder.tokenize) }
        let filled = texts.compactMap { $0 }.filter { !$0.isBlank }
        var outcomes = try await isolate(filled[...])[...]
        if outcomes.contains(where: \.isFailure) { try await canary.require(encoder) }
        return zip(rows, texts).map { row, text in
            guard let text, !text.isBlank, let outcome = outcomes.popFirst() else {
                return Result(row: row, tokens: 0, isTruncated: row.isCut, outcome: .failed(.empty))
            }
            return Result(
                row: row, tokens: text.ids.count, isTruncated: row.isCut || text.isTruncated, outcome: outcome)
        }
    }

    /// Encodes texts together; if that fails, in halves, down to the text that is to blame.
    private func isolate(_ texts: ArraySlice<TokenizedText>) async throws -> [RowOutcome] {
        guard !texts.isEmpty else { return [] }
        do {
            return try await encoder.encode(Array(texts)).map { vector in
                encoder.accepts(vector) ? .vector(vector) : .failed(.vector)
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            guard texts.count > 1 else { return [.failed(.encoder)] }
            let middle = texts.startIndex + texts.count / 2
            return try await isolate(texts[..<middle]) + isolate(texts[middle...])
        }
    }
}

/// What became of a row.
enum RowOutcome: Sendable, Equatable {
    /// A checked vector, ready to be written.
    case vector([Float])
    /// The row is to blame.
    case failed(RowFailure)

    var isFailure: Bool {
        if case .failed = self { true } else { false }
    }
}

/// A text whose vector at the start of a run is remembered.
private struct Canary: Sendable {
    private static let text = "The canary in the coal mine: a sentence that encodes the same way all day long."
    private let vector: [Float]

    init(_ encoder: any TextEncoder) async throws {
        vector = try await Self.encode(encoder)
    }

    /// Throws unless the canary still encodes to within 1e-3 of its first vector.
    func require(_ encoder: any TextEncoder) async throws {
        let now = try await Self.encode(encoder)
        guard zip(vector, now).allSatisfy({ abs($0 - $1) <= 1e-3 }) else {
            throw RunFailure(.canary, "a known text no longer encodes as it did at the start; no row is blamed for it")
        }
    }

    private static func encode(_ encoder: any TextEncoder) async throws -> [Float] {
        let vectors: [[Float]]
        do {
            vectors = try await encoder.encode([encoder.tokenize(text)])
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw RunFailure(.canary, "the model cannot encode a known text: \(error)")
        }
        guard let vector = vectors.first, encoder.accepts(vector) else {
            throw RunFailure(.canary, "the model gives no valid vector for a known text")
        }
        return vector
    }
}

extension TextEncoder {
    /// Whether a vector may be stored: the right length, finite, not zero, and of length 1 if the model normalises.
    ///
    /// A zero vector has no direction, so a cosine index leaves it out and the row would be found by no search.
    fileprivate func accepts(_ vector: [Float]) -> Bool {
        let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard vector.count == dimension, norm.isFinite, norm > 0 else { return false }
        return !normalizes || abs(norm - 1) < 1e-3
    }
}
