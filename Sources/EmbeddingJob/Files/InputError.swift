import CommandSupport

/// Why a file of texts cannot be read, or what is wrong with what it says.
enum InputError: CommandFailure, Equatable {
    case unreadable(String, reason: String)
    case malformedLine(file: String, number: Int, reason: String)
    case notFinite(file: String, number: Int)
    case unknownFormat(String)
    case noReport(String)
    case notComparable(String, reason: String)
    case slower(String)

    /// EX_DATAERR of `sysexits.h`, or EX_SOFTWARE where no text is to blame.
    var exitCode: Int32 {
        if case .notFinite = self { 70 } else { 65 }
    }

    var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason); name a file of JSON lines, or - for standard input"
        case .malformedLine(let file, let number, let reason):
            "\(file), line \(number): \(reason); mend the line, or take it out"
        case .notFinite(let file, let number):
            "\(file), line \(number): the vector of this text is not finite; the model's weights are too large or damaged"
        case .unknownFormat(let path):
            "\(path): the output is .npy or .jsonl by its extension, or - for JSON lines on standard output"
        case .noReport(let path):
            "\(path) cannot be read, or is not what bench --json prints; name a file of that for --baseline"
        case .notComparable(let path, let reason):
            "\(path) cannot be compared with: \(reason); measure it again with these texts and options"
        case .slower(let regressions):
            "slower than the baseline: \(regressions); measure again on a quiet machine before believing it"
        }
    }
}
