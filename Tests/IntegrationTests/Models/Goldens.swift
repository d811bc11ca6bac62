import ComputeTestSupport
import Foundation
import Testing

/// What the reference implementation makes of texts, and the sizes of the two models.
enum Goldens {
    /// The number of components of the real model's vectors.
    static let dimension = 384
    /// The number of components of the toy model's vectors.
    static let toyDimension = 32

    /// A text and its token ids.
    struct TokenizerCase: Decodable {
        let text: String
        let ids: [Int]
        let truncated: Bool
    }

    /// Some hundreds of the reference's tokenizations.
    static func tokenizerCases() throws -> [TokenizerCase] {
        try records(
            of: TokenizerCase.self,
            at: Fixtures.repositoryPath("Tests/TokenizationTests/Fixtures/tokenizer-cases-2.jsonl"))
    }

    /// A text and its vector.
    struct Sentence {
        let id: String
        let text: String
        let vector: [Float]
    }

    /// The sentences of `Scripts/make-goldens.py`.
    static func sentences() throws -> [Sentence] {
        struct Line: Decodable {
            let id: String
            let text: String
        }
        let lines = try records(of: Line.self, at: Fixtures.path("sentences.jsonl"))
        // A safetensors file of one matrix: after the header, float32 to the end.
        let file = try Data(contentsOf: URL(filePath: Fixtures.path("sentences.safetensors")))
        let values = [Float](littleEndian: file.suffix(lines.count * dimension * 4))
        try #require(values.count == lines.count * dimension)
        return lines.enumerated().map { row, line in
            Sentence(id: line.id, text: line.text, vector: Array(values[row * dimension..<(row + 1) * dimension]))
        }
    }

    private static func records<Record: Decodable>(of type: Record.Type, at path: String) throws -> [Record] {
        try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n"))
            .map { try JSONDecoder().decode(type, from: $0) }
    }
}

extension [Float] {
    /// Reads float32, least significant byte first.
    init(littleEndian data: Data) {
        let bytes = [UInt8](data)
        self = stride(from: 0, to: bytes.count - 3, by: 4).map { first in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[first + $1]) << (8 * $1) })
        }
    }
}
