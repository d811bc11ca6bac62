public import Checksum
public import Safetensors
public import Tokenization

/// Why a model cannot be used.
public enum SentenceEncodingError: Error, Sendable, Equatable {
    /// There is no folder at this path.
    case folderNotFound(String)
    /// A file of the model folder does not exist or cannot be read.
    case fileMissing(String)
    /// A configuration file cannot be understood.
    case malformedFile(String, reason: String)
    /// A configuration asks for something that this encoder does not compute.
    case unsupported(file: String, key: String, value: String, supported: String)
    /// The vocabulary has another size than the model.
    case vocabularySize(file: String, expected: Int, got: Int)
    /// A file's content is not what `SHA256SUMS` promises.
    case checksum(ChecksumError)
    /// The weights cannot be read.
    case weights(SafetensorsError)
    /// The vocabulary cannot be read.
    case vocabulary(TokenizationError)
    /// The device has no room for the model, or does not work.
    case device(String)
}

extension SentenceEncodingError: CustomStringConvertible {
    /// What happened, to which file, and what to do.
    public var description: String {
        switch self {
        case .folderNotFound(let path):
            "model folder \(path) does not exist; name a model folder, or run Scripts/fetch-weights"
        case .fileMissing(let path):
            "model file \(path) is missing or unreadable; fetch the model again with Scripts/fetch-weights"
        case .malformedFile(let path, let reason):
            "model file \(path) cannot be read: \(reason); fetch the model again with Scripts/fetch-weights"
        case .unsupported(let file, let key, let value, let supported):
            "\(file): \(key) is \(value.isEmpty ? "empty" : value), supported is \(supported); use another model"
        case .vocabularySize(let file, let expected, let got):
            "\(file) has \(got) tokens, the model was trained with \(expected); the folder mixes files of two models"
        case .checksum(let error): error.description
        case .weights(let error): error.description
        case .vocabulary(let error): error.description
        case .device(let reason): reason
        }
    }
}
