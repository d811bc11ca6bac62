import DatasetTable
import Logging
import SentenceEncoding
import Tokenization

/// Encodes rows so that a bad one costs its neighbors nothing.
///
/// Every vector is checked before it is sent, because the server would refuse the whole statement for one bad number. A
/// row is blamed only if a known text, the canary, still encodes as it did at the start; otherwise the machine is at fault
/// and the run ends without blaming anybody. Rows with the same tokens are encoded once.
struct RowEncoder: Sendable {
    private let encoder: any TextEncoder
    private let canary: CanaryWatch
    private let cache = VectorCache(capacity: 64 << 20)

    /// Encodes known texts, and throws if their vectors are not the known ones.
    init(_ encoder: any TextEncoder, log: Logger) async throws {
        self.encoder = encoder
        canary = try await CanaryWatch(encoder, log: log)
    }

    /// Encodes rows; their order is kept in both lists of the result.
    func encode(_ rows: [DatasetRow]) async throws -> EncodedBatch {
        var batch = EncodedBatch()
        var pending: [(row: DatasetRow, text: TokenizedText)] = []
        for row in rows {
            guard row.isDecodable else {
                batch.failures.append(FailedRow(row: row, failure: .encoding, code: "INVALID_UTF8"))
                continue
            }
            if let text = row.source.map(encoder.tokenize), !text.isBlank {
                pending.append((row, text))
            } else {
                batch.failures.append(FailedRow(row: row, failure: .empty, code: "NO_TEXT"))
            }
        }

        let known = await cache.vectors(for: pending.map(\.text.ids))
        // In the order of the rows, so that the same rows are encoded in the same company every time.
        var fresh: Set<[Int32]> = []
        let texts = pending.map(\.text).filter { known[$0.ids] == nil && fresh.insert($0.ids).inserted }
        let outcomes = Dictionary(uniqueKeysWithValues: zip(texts.map(\.ids), try await isolate(texts[...])))
        if outcomes.values.contains(where: { !$0.isVector }) { try await canary.require(encoder) }

        for (row, text) in pending {
            switch known[text.ids].map(Outcome.vector) ?? outcomes[text.ids] {
            case .vector(let vector):
                // The first of several equal texts counts as encoded, the others as reused.
                let isReused = fresh.remove(text.ids) == nil
                batch.rows.append(
                    EncodedRow(
                        row: row, vector: vector, tokens: text.ids.count, tokensLost: text.truncatedTokenCount,
                        isTruncated: row.isCut || text.isTruncated, isReused: isReused))
            case .failure(let failure, let code):
                batch.failures.append(FailedRow(row: row, failure: failure, code: code))
            case nil:
                preconditionFailure("a text was neither known nor encoded")
            }
        }
        await cache.insert(outcomes.compactMapValues(\.vector))
        return batch
    }

    /// What became of a text.
    private enum Outcome: Sendable {
        case vector([Float])
        case failure(RowFailure, code: String)

        var vector: [Float]? {
            if case .vector(let vector) = self { vector } else { nil }
        }
        var isVector: Bool { vector != nil }
    }

    /// Encodes texts together; if that fails, in halves, down to the text that is to blame.
    private func isolate(_ texts: ArraySlice<TokenizedText>) async throws -> [Outcome] {
        guard !texts.isEmpty else { return [] }
        do {
            return try await encoder.encode(Array(texts)).map { vector in
                encoder.defect(of: vector).map { .failure(.vector, code: $0) } ?? .vector(vector)
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch SentenceEncodingError.deviceFailed(let reason) {
            throw SentenceEncodingError.deviceFailed(reason)
        } catch {
            guard texts.count > 1 else { return [.failure(.encoder, code: String(describing: type(of: error)))] }
            let middle = texts.startIndex + texts.count / 2
            return try await isolate(texts[..<middle]) + isolate(texts[middle...])
        }
    }
}

extension TextEncoder {
    /// Why a vector may not be stored, `nil` if it may: it has the right length, is finite, and has a direction.
    ///
    /// A zero vector has none, so a cosine index leaves it out and the row would be found by no search.
    func defect(of vector: [Float]) -> String? {
        guard vector.count == dimension else { return "LENGTH" }
        let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm.isFinite else { return "NOT_FINITE" }
        guard norm > 0 else { return "ZERO" }
        return normalizes && abs(norm - 1) >= 1e-3 ? "NORM" : nil
    }
}
