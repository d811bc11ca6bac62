import Compute
import SentenceEncoding
import Synchronization
import Testing
import Tokenization

@Suite("A device that is compared with the processor")
struct ComparedEncoderTests {
    /// Gives each text a vector of its own, all of whose components are off by a number.
    private struct Stub: TextEncoder {
        var offset: Float = 0
        var precision = Precision.exact
        var scale: Float = 1
        let dimension = 384
        let normalizes = true
        let deviceDescription = "stub"

        func tokenize(_ text: String) -> TokenizedText { TokenizedText(ids: [Int32(text.utf8.count)]) }

        func encode(_ texts: [TokenizedText]) async throws -> [[Float]] {
            texts.map { text in (0..<dimension).map { scale * ($0 == Int(text.ids[0]) ? 1 : 0) + offset } }
        }
    }

    /// What is told, and how often the processor's model is loaded.
    private final class Record: Sendable {
        let loads = Mutex(0)
        let agreements = Mutex<[(texts: Int, difference: Float)]>([])
    }

    private func compared(_ device: Stub, _ processor: Stub = Stub(), _ record: Record = Record()) -> ComparedEncoder {
        ComparedEncoder(device) {
            record.loads.withLock { $0 += 1 }
            return processor
        } agreed: { texts, difference in
            record.agreements.withLock { $0.append((texts, difference)) }
        }
    }

    private static let texts = (0..<60).map { TokenizedText(ids: [Int32($0)]) }

    @Test("is trusted after 100 texts, which are compared batch by batch, and the model is loaded once")
    func agrees() async throws {
        let record = Record()
        let encoder = compared(Stub(offset: 9e-6), Stub(), record)
        for count in 1...3 {
            #expect(try await encoder.encode(Self.texts).count == 60)
            #expect(record.agreements.withLock { $0.count } == (count < 2 ? 0 : 1))
        }
        let agreement = record.agreements.withLock { $0.first }
        #expect(agreement?.texts == 120 && (8.9e-6...9.1e-6).contains(agreement?.difference ?? 0))
        #expect(record.loads.withLock { $0 } == 1)
    }

    @Test("is not trusted with a component off by more than its precision allows")
    func disagrees() async throws {
        for (device, isTrusted) in [
            (Stub(offset: 1.1e-5), false), (Stub(offset: 1.1e-5, precision: .fast), true),
            (Stub(offset: 5.1e-4, precision: .fast), false), (Stub(offset: .nan), false),
            (Stub(offset: .infinity), false),
        ] {
            let encoder = compared(device)
            if isTrusted {
                _ = try await encoder.encode(Self.texts)
            } else {
                let error = await #expect(throws: SentenceEncodingError.self) { try await encoder.encode(Self.texts) }
                guard case .deviceFailed(let reason) = try #require(error) else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(reason.contains("another vector than the processor"))
            }
        }
    }

    @Test("may be off by more where vectors are longer")
    func longVectors() async throws {
        _ = try await compared(Stub(offset: 9e-5, scale: 10), Stub(scale: 10)).encode(Self.texts)
        await #expect(throws: SentenceEncodingError.self) {
            try await compared(Stub(offset: 1.1e-4, scale: 10), Stub(scale: 10)).encode(Self.texts)
        }
    }

    @Test("hands out nothing while a comparison is under way that could fail")
    func concurrently() async throws {
        let encoder = compared(Stub(offset: 1))
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    await #expect(throws: SentenceEncodingError.self) { try await encoder.encode(Self.texts) }
                }
            }
        }
    }
}
