import CommandSupport

/// Why a file of texts cannot be read or a file of vectors cannot be written, or what is wrong with what it says.
enum InputError: CommandFailure, Equatable {
    case unreadable(String, reason: String)
    case malformedLine(file: String, number: Int, reason: String)
    case unwritable(String, reason: String)
    case unknownFormat(String)
    case slower(String)

    /// EX_DATAERR of `sysexits.h`.
    var exitCode: Int32 { 65 }

    var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason); name a file of JSON lines, or - for standard input"
        case .malformedLine(let file, let number, let reason):
            "\(file), line \(number): \(reason); mend the line, or take it out"
        case .unwritable(let path, let reason):
            "\(path) cannot be written: \(reason)"
        case .unknownFormat(let path):
            "\(path): the output is .npy or .jsonl by its extension, or - for JSON lines on standard output"
        case .slower(let regressions):
            "slower than the baseline: \(regressions); measure again on a quiet machine before believing it"
        }
    }
}
