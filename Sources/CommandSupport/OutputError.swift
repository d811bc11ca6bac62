/// Why something cannot be written.
public enum OutputError: CommandFailure, Equatable {
    /// Nothing can be written there.
    case unwritable(String, reason: String)
    /// What is to be written is what is read.
    case isInput(String)
    /// All is written, but does not get its name.
    case notRenamed(String, partial: String, reason: String)

    /// EX_DATAERR of `sysexits.h`, as for a file that cannot be read.
    public var exitCode: Int32 { 65 }

    /// What happened to which file.
    public var description: String {
        switch self {
        case .unwritable(let name, let reason): "\(name) cannot be written: \(reason)"
        case .isInput(let name): "\(name) is a file that this command reads; name another for what it writes"
        case .notRenamed(let name, let partial, let reason):
            "\(name) cannot be written: \(reason); the complete file is \(partial), to be moved by hand"
        }
    }
}
