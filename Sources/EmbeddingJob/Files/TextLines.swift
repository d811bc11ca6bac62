import CommandSupport
import DatasetTable
import FoundationEssentials
import SystemPackage

/// A file of JSON lines, one text a line: `{"text":…}` or `{"title":…,"description":…}`, with or without an `id`.
struct TextLines: Sequence {
    /// One line of input.
    struct Line: Sendable {
        /// The `id` as JSON, or the line number.
        let id: String
        let text: String
    }

    private let file: String
    private let data: Data

    /// Reads a file or pipe, or standard input for `-`.
    init(contentsOf path: String) async throws(InputError) {
        file = path == "-" ? "standard input" : path
        do {
            let descriptor = path == "-" ? .standardInput : try FileDescriptor.open(FilePath(path), .readOnly)
            defer { try? descriptor.close() }
            data = try await FileSystem.contents(of: descriptor)
        } catch {
            throw .unreadable(file, reason: "\(error)")
        }
    }

    /// Every line that is not blank, parsed when it is asked for.
    func makeIterator() -> AnyIterator<Result<Line, InputError>> {
        var position = data.startIndex
        var number = 0
        let decoder = JSONDecoder()
        return AnyIterator {
            while position < data.endIndex {
                let end = data[position...].firstIndex(of: UInt8(ascii: "\n")) ?? data.endIndex
                let line = data[position..<end]
                position = end < data.endIndex ? end + 1 : end
                number += 1
                if !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
                    return parse(line, number, decoder)
                }
            }
            return nil
        }
    }

    private func parse(_ line: Data, _ number: Int, _ decoder: JSONDecoder) -> Result<Line, InputError> {
        do {
            let record = try decoder.decode(TextRecord.self, from: line)
            guard let text = record.text else {
                return .failure(refusal(number, "it has neither text nor title or description"))
            }
            return .success(Line(id: record.id ?? String(number), text: text))
        } catch DecodingError.typeMismatch(_, let context) {
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            let expected = key == "id" ? "a string or a whole number" : "a string"
            return .failure(refusal(number, key.isEmpty ? "it is not a JSON object" : "\(key) is not \(expected)"))
        } catch {
            return .failure(refusal(number, "it is not valid JSON"))
        }
    }

    private func refusal(_ number: Int, _ reason: String) -> InputError {
        .malformedLine(file: file, number: number, reason: reason)
    }
}
