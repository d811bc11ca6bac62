import ComputeTestSupport
import SentenceEncoding
import Testing

@Suite("Planning chunks")
struct ChunkPlannerTests {
    private func plan(_ lengths: [Int], workers: Int, maxTokens: Int = 512) -> [[Int]] {
        ChunkPlanner(maxTokens: maxTokens, workerCount: workers).chunks(lengths: lengths)
    }

    @Test("puts every text into exactly one chunk, and no chunk above the limit but a single text", arguments: 0..<40)
    func partition(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let lengths = (0..<Int.random(in: 1...300, using: &random)).map { _ in
            Int.random(in: 1...Int.random(in: 1...700, using: &random), using: &random)
        }
        for workers in 1...5 {
            let chunks = plan(lengths, workers: workers)
            #expect(chunks.flatMap { $0 }.sorted() == Array(lengths.indices))
            for chunk in chunks {
                #expect(!chunk.isEmpty)
                #expect(chunk.count == 1 || chunk.reduce(0) { $0 + lengths[$1] } <= 512)
            }
            // Longest first, from chunk to chunk and inside each; equal lengths in the order they came in.
            let order = chunks.flatMap { $0 }.map { (-lengths[$0], $0) }
            #expect(zip(order, order.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test("gives every worker the same share of a small batch", arguments: [(1, 3), (2, 4), (3, 3), (4, 4), (6, 6)])
    func smallBatch(workers: Int, chunkCount: Int) {
        // 1,500 tokens would be three chunks of at most 512, which leaves the second of two workers idle in the end.
        let lengths = [Int](repeating: 15, count: 100)
        let tokens = plan(lengths, workers: workers).map { $0.count * 15 }
        #expect(tokens.count == chunkCount)
        // Whole texts: each chunk may take one more than its share, and the last one has what is left.
        #expect(tokens.allSatisfy { $0 <= 1_500 / chunkCount + 15 })
        #expect(tokens.allSatisfy { $0 >= 1_500 / chunkCount - 15 * chunkCount })
    }

    @Test("divides 100 texts of 15 tokens among two workers into four equal chunks")
    func evenChunks() {
        #expect(plan([Int](repeating: 15, count: 100), workers: 2).map(\.count) == [25, 25, 25, 25])
    }

    @Test("leaves a batch of less than the limit to one worker if there is only one")
    func singleWorker() {
        #expect(plan([10, 30, 20], workers: 1) == [[1, 2, 0]])
    }

    @Test("gives two workers one text each")
    func twoTexts() {
        #expect(plan([5, 9], workers: 2) == [[1], [0]])
    }

    @Test("makes a text above the limit a chunk of its own")
    func longText() {
        #expect(plan([3, 600, 3], workers: 1) == [[1], [0, 2]])
    }

    @Test("makes no chunk of nothing", arguments: 1...3)
    func empty(workers: Int) {
        #expect(plan([], workers: workers).isEmpty)
    }
}
