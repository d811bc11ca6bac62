public import Checksum
public import Safetensors
public import Tokenization

/// Why a model cannot be used.
public enum SentenceEncodingError: Error, Sendable, Equatable {
    /// How a damaged folder is mended.
    public enum Remedy: Sendable, Equatable {
        /// By `Scripts/fetch-weights`, which knows the folder under a name.
        case fetchWeights(name: String)
        /// By getting it again from wherever it comes from.
        case copyAgain
        /// By having Git LFS put the files in the place of its pointers.
        case pullLargeFiles(folder: String)
    }

    /// There is no folder at this path.
    case folderNotFound(String)
    /// The folder holds the revisions of a model in a cache of the Hugging Face hub, and is no model itself.
    case cacheFolder(String, revision: String)
    /// The folder has a model in a form that is not read.
    case otherForm(String, found: String)
    /// A file of the model folder does not exist or cannot be read.
    case fileMissing(String, Remedy)
    /// A configuration file cannot be understood.
    case malformedFile(String, reason: String, Remedy)
    /// A configuration asks for something that this encoder does not compute.
    case unsupported(file: String, key: String, value: String, supported: String)
    /// A configuration has a key whose meaning is not known.
    case unknownKey(file: String, key: String)
    /// The reference implementation would do something else because of this file.
    case unsupportedFile(String, reason: String)
    /// The checkpoint has a tensor that no part of the model reads.
    case unknownTensor(file: String, tensor: String)
    /// The checkpoint has a tensor under two names.
    case ambiguousTensor(file: String, tensor: String, other: String)
    /// The tokenizer has more tokens than the model.
    case vocabularySize(path: String, expected: Int, got: Int)
    /// A file's content is not what `SHA256SUMS` promises.
    case checksum(ChecksumError)
    /// The weights cannot be read.
    case weights(SafetensorsError)
    /// The vocabulary cannot be read.
    case vocabulary(TokenizationError)
    /// The device has no room for the model, or does not work.
    case device(String)
    /// The device stopped working, or computes something else, while texts were encoded: no text is to blame.
    case deviceFailed(String)
}

extension SentenceEncodingError: CustomStringConvertible {
    /// What happened, to which file, and what to do.
    public var description: String {
        switch self {
        case .folderNotFound(let path):
            "model folder \(path) does not exist; name a model folder, or run Scripts/fetch-weights"
        case .cacheFolder(let path, let revision):
            "model folder \(path) is a cache, which keeps the model in a folder of its own for each revision; name "
                + "\(path)/snapshots/\(revision)"
        case .otherForm(let path, let found):
            "model folder \(path) has \(found); have sentence-transformers load the model and save it to another folder, with "
                + "model.safetensors and modules.json"
        case .fileMissing(let path, let remedy):
            "model file \(path) is missing or unreadable; \(remedy)"
        case .malformedFile(let path, let reason, let remedy):
            "model file \(path) cannot be read: \(reason); \(remedy)"
        case .unsupported(let file, let key, let value, let supported):
            "\(file): \(key) is \(value.isEmpty ? "empty" : value), supported is \(supported); use another model"
        case .unknownKey(let file, let key):
            "\(file): the key \(key) is not known and may change vectors; use another model, or remove the key if it means "
                + "nothing"
        case .unsupportedFile(let path, let reason):
            "model file \(path) is not supported: \(reason); use another model"
        case .unknownTensor(let file, let tensor):
            "\(file): the tensor \(tensor) belongs to no part of the model that is computed; use another model"
        case .ambiguousTensor(let file, let tensor, let other):
            "\(file): \(tensor) and \(other) are two names of one tensor; remove the one that the model was not trained with"
        case .vocabularySize(let path, let expected, let got):
            "the tokenizer of \(path) has \(got) tokens, the model was trained with \(expected); the folder mixes files of two "
                + "models"
        case .checksum(let error): error.description
        case .weights(let error): error.description
        case .vocabulary(let error): error.description
        case .device(let reason), .deviceFailed(let reason): reason
        }
    }
}

extension SentenceEncodingError.Remedy: CustomStringConvertible {
    /// What to do, as a clause.
    public var description: String {
        switch self {
        case .fetchWeights(let name): "fetch the model again with Scripts/fetch-weights \(name)"
        case .copyAgain: "get the folder again from where it comes"
        case .pullLargeFiles(let folder): "run git lfs pull in \(folder)"
        }
    }
}
