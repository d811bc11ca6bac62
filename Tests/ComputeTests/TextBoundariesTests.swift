import Compute
import Testing

@Suite("Text boundaries")
struct TextBoundariesTests {
    @Test("texts lie one after another without gaps")
    func offsets() {
        let boundaries = TextBoundaries(lengths: [3, 1, 5])
        #expect(boundaries.offsets == [0, 3, 4, 9])
        #expect(boundaries.textCount == 3)
        #expect(boundaries.tokenCount == 9)
        #expect((0..<3).map(boundaries.rows(ofText:)) == [0..<3, 3..<4, 4..<9])
    }

    @Test("no texts have no tokens")
    func empty() {
        let boundaries = TextBoundaries(lengths: [])
        #expect(boundaries.textCount == 0)
        #expect(boundaries.tokenCount == 0)
    }
}
