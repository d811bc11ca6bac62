import Foundation
import Testing

/// The records that Python's `csv.reader` makes of texts.
enum PythonReader {
    /// Bytes travel as hexadecimal digits, a byte that is not UTF-8 as Python's surrogate escape.
    private static let program = """
        import csv, io, json, sys
        csv.field_size_limit(1 << 30)
        def records(text):
            stream = io.TextIOWrapper(io.BytesIO(bytes.fromhex(text)), "utf-8-sig", "surrogateescape", newline="")
            rows = [row for row in csv.reader(stream, strict=False) if row]
            return [[field.encode("utf-8", "surrogateescape").hex() for field in row] for row in rows]
        with open(sys.argv[1]) as texts, open(sys.argv[2], "w") as answers:
            json.dump([records(text) for text in json.load(texts)], answers)
        """

    /// One answer for each text: its records, each a list of fields.
    static func records(of texts: [[UInt8]]) async throws -> [[[[UInt8]]]] {
        let input = try TemporaryFile(JSONEncoder().encode(texts.map(hexadecimal)))
        let output = try TemporaryFile("")
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = ["python3", "-c", program, input.path, output.path]
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            python.terminationHandler = { _ in continuation.resume() }
            do {
                try python.run()
            } catch {
                python.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        try #require(python.terminationStatus == 0)
        let answers = try JSONDecoder().decode([[[String]]].self, from: Data(contentsOf: URL(filePath: output.path)))
        return try answers.map { records in try records.map { try $0.map(bytes) } }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(_ hexadecimal: String) throws -> [UInt8] {
        let digits = try hexadecimal.map { try #require($0.hexDigitValue) }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
