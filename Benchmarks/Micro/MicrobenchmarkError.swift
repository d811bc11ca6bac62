/// Why nothing can be measured.
enum MicrobenchmarkError: Error, Equatable, CustomStringConvertible {
    case unreadable(String, reason: String)
    case malformedLine(file: String, number: Int)
    case noText(String)
    case noMatch(String)

    var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason); name a file of JSON lines"
        case .malformedLine(let file, let number):
            "\(file), line \(number): it is no JSON object with text, or title and description; mend the line"
        case .noText(let path):
            "\(path) holds no text; name another file"
        case .noMatch(let filter):
            "no operation has \(filter) in its name; run without --filter to see the names"
        }
    }
}
