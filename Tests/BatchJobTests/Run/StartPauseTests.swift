import BatchJob
import ComputeTestSupport
import Testing

@Suite("The pause before a pod connects")
struct StartPauseTests {
    @Test("is none for up to eight pods", arguments: [1, 2, 8])
    func fewPods(pods: Int) {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<100 { #expect(EmbeddingRun.startPause(ofPods: pods, using: &generator) == .zero) }
    }

    @Test("is anything up to five seconds for more", arguments: [9, 10, 1000])
    func manyPods(pods: Int) {
        var generator = SeededGenerator(seed: 1)
        let pauses = (0..<1000).map { _ in EmbeddingRun.startPause(ofPods: pods, using: &generator) }
        #expect(pauses.allSatisfy { .zero <= $0 && $0 <= .seconds(5) })
        // Every tenth of a second has one.
        #expect(Set(pauses.map { Int($0 / .milliseconds(100)) }).count >= 50)
    }
}
