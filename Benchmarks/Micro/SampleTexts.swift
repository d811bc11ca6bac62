import DatasetTable
import FoundationEssentials

/// The texts of a file in the form that `embedding-job encode` reads.
enum SampleTexts {
    /// Reads all texts; there must be one at least that is not empty.
    static func read(from path: String) throws(MicrobenchmarkError) -> [String] {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw .unreadable(path, reason: "\(error)")
        }
        var texts: [String] = []
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            guard let text = (try? TextRecord(json: [UInt8](line)[...]))?.text else {
                throw .malformedLine(file: path, number: index + 1)
            }
            texts.append(text)
        }
        guard texts.contains(where: { !$0.isEmpty }) else { throw .noText(path) }
        return texts
    }
}
