/// Every refusal of the module; `path` is the file as the caller named it.
public enum SafetensorsError: Error, Sendable, Equatable {
    /// There is no file at the path.
    case fileNotFound(path: String)
    /// The path names a directory, a pipe, a device or a socket.
    case notRegularFile(path: String)
    /// The operating system refused a call.
    case systemCallFailed(path: String, call: String, reason: String)
    /// The contents are not a safetensors checkpoint.
    case invalidFile(path: String, defect: SafetensorsDefect)
    /// The file has no tensor of that name.
    case tensorNotFound(path: String, tensor: String)
    /// The tensor has another shape than the caller requires.
    case shapeMismatch(path: String, tensor: String, expected: [Int], got: [Int])
    /// The tensor has an element type that cannot be read as the one asked for.
    case dtypeMismatch(path: String, tensor: String, expected: [SafetensorsDType], got: SafetensorsDType)
    /// An element is NaN or infinite.
    case nonFinite(path: String, tensor: String, index: Int, value: String)
}

extension SafetensorsError: CustomStringConvertible {
    /// What happened, to which file and tensor, and what to do about it.
    public var description: String {
        switch self {
        case .fileNotFound(let path):
            "there is no file '\(path)'; put the weights there, or correct the path"
        case .notRegularFile(let path):
            "'\(path)' is not a regular file; name the .safetensors file itself, not its folder"
        case .systemCallFailed(let path, let call, let reason):
            "'\(path)' cannot be read: \(call): \(reason)"
        case .invalidFile(let path, let defect):
            "'\(path)' is not a valid safetensors file: \(defect); get it again from where it comes and compare its checksum"
        case .tensorNotFound(let path, let tensor):
            "'\(path)' has no tensor '\(tensor)'; check that the file belongs to this model"
        case .shapeMismatch(let path, let tensor, let expected, let got):
            "tensor '\(tensor)' of '\(path)' has shape \(got), and the model needs \(expected); "
                + "check that the file and the model's configuration belong together"
        case .dtypeMismatch(let path, let tensor, let expected, let got):
            "tensor '\(tensor)' of '\(path)' has the element type \(got.rawValue), and only "
                + expected.map(\.rawValue).joined(separator: ", ") + " can be read here; convert the checkpoint"
        case .nonFinite(let path, let tensor, let index, let value):
            "tensor '\(tensor)' of '\(path)' has the value \(value) at index \(index); "
                + "the checkpoint is damaged or was never trained to the end; get another"
        }
    }
}
