import CSVStreaming
import Testing

@Suite("Splitting as Python's csv module does", .timeLimit(.minutes(30)))
struct PythonAgreementTests {
    /// Texts of few different pieces, so that every neighbourhood of two or three of them occurs often.
    private static func randomTexts(_ count: Int, seed: UInt64, longest: Int) -> [[UInt8]] {
        let pieces: [[UInt8]] =
            ["\"", "\"", "\"\"", ",", ",", "\r", "\n", "\r\n", "a", "bc", " ", "é", "漢", "🙂", "\u{0}", "\u{FEFF}"]
            .map { Array($0.utf8) } + [[0xFF], [0xC3], [0xE2, 0x82]]
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let length = Int.random(in: 0...longest, using: &generator)
            let mark = Int.random(in: 0..<4, using: &generator) == 0 ? pieces[15] : []
            return (0..<length).reduce(into: mark) { text, _ in
                text += pieces.randomElement(using: &generator) ?? []
            }
        }
    }

    @Test("gives the same records for random texts, whatever the size of a block", arguments: [1, 2, 3] as [UInt64])
    func random(seed: UInt64) async throws {
        let texts = Self.randomTexts(700, seed: seed, longest: 40)
        for (text, expected) in zip(texts, try await PythonReader.records(of: texts)) {
            let file = try TemporaryFile(text)
            for blockSize in 1...max(text.count, 1) {
                let found = try records(of: file.path, blockSize: blockSize).map(\.fields)
                try #require(
                    found == expected, "\(String(decoding: text, as: UTF8.self).debugDescription), \(blockSize)")
            }
        }
    }

    @Test("gives the same records for every text of up to five bytes of the ones that matter")
    func exhaustive() async throws {
        let alphabet = Array("\",\r\na".utf8)
        var texts: [[UInt8]] = [[]]
        var longest = texts
        for _ in 0..<5 {
            longest = longest.flatMap { text in alphabet.map { text + [$0] } }
            texts += longest
        }
        for (text, expected) in zip(texts, try await PythonReader.records(of: texts)) {
            let file = try TemporaryFile(text)
            for blockSize in 1...5 {
                let found = try records(of: file.path, blockSize: blockSize).map(\.fields)
                try #require(
                    found == expected, "\(String(decoding: text, as: UTF8.self).debugDescription), \(blockSize)")
            }
        }
    }

    @Test("goes on at the end of every record with the rest", arguments: [1, 7, 64])
    func resumes(blockSize: Int) throws {
        for text in Self.randomTexts(300, seed: 9, longest: 60) {
            let file = try TemporaryFile(text)
            let all = try records(of: file.path, blockSize: blockSize)
            for (index, record) in all.enumerated() {
                let rest = try records(of: file.path, from: record.range.upperBound, blockSize: blockSize)
                try #require(rest == Array(all[(index + 1)...]))
                let same = try records(of: file.path, from: record.range.lowerBound, blockSize: blockSize)
                try #require(same == Array(all[index...]))
            }
        }
    }
}
