import Foundation
import Testing
import Tokenization

/// What hostile and very long texts cost.
///
/// The bounds are far from what is measured, so that a busy machine passes.
@Suite("Cost of long texts", .serialized)
struct TokenizationCostTests {
    private let tokenizer: WordPieceTokenizer

    init() throws {
        let vocabulary = try Vocabulary("ocean", "##s", "temperature", "of", "the", "surface")
        tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, maxTokens: 256)
    }

    /// The processor time of the fastest of several runs, which leaves out what other threads do meanwhile.
    private func time(_ text: String) -> Int {
        (0..<6).map { _ in
            let start = processorTime()
            _ = tokenizer.encode(text)
            return processorTime() - start
        }.min() ?? 0
    }

    private func processorTime() -> Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    private func text(of pattern: String, byteCount: Int) -> String {
        String(repeating: pattern, count: byteCount / pattern.utf8.count)
    }

    @Test("Text behind the stretch in which tokens are counted is not read")
    func behindCountedStretch() {
        let pattern = "the surface temperature of oceans "
        let short = text(of: pattern, byteCount: WordPieceTokenizer.countedByteCount)
        let long = text(of: pattern, byteCount: 10_000_000)
        #expect(tokenizer.encode(long).ids == tokenizer.encode(short).ids)
        #expect(tokenizer.encode(short).isTruncated)
        #expect(time(long) < time(short) * 3)
    }

    @Test(
        "What must be read to its end costs time in proportion",
        arguments: ["a", "A\u{301}", "\u{302E}", "\u{302E}\u{1D165}", "\u{301}", "\u{AD}", "가", " "])
    func linearTime(pattern: String) {
        let quarter = text(of: pattern, byteCount: 250_000)
        let whole = text(of: pattern, byteCount: 1_000_000)
        #expect(tokenizer.encode(whole).ids.count <= 3)
        // Four times as long, sixteen if the time were quadratic.
        #expect(time(whole) < time(quarter) * 9)
    }
}
