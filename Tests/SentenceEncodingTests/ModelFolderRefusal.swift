import CPUCompute
import SentenceEncoding
import Testing

/// Changes a copy of the toy and gives the error that reading it or loading it ends in.
func refusal(
    loading: Bool = false, _ change: (ModelFolderCopy) throws -> Void
) async throws -> (error: SentenceEncodingError, folder: String) {
    try await withToyModel { folder in
        try change(folder)
        let error = #expect(throws: SentenceEncodingError.self) {
            let model = try ModelFolder(path: folder.path)
            if loading { _ = try SentenceEncoder(model: model, backend: CPUBackend(workerCount: 1)) }
        }
        return (try #require(error), folder.path)
    }
}

/// As ``refusal(loading:_:)``, for a setting that is not supported.
func expectUnsupported(
    _ file: String, _ key: String, _ value: String, supported: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, _ change: (ModelFolderCopy) throws -> Void
) async throws {
    let (error, folder) = try await refusal(loading: true, change)
    guard case .unsupported(let gotFile, let gotKey, let gotValue, let gotSupported) = error else {
        Issue.record(error, "not refused as unsupported", sourceLocation: sourceLocation)
        return
    }
    #expect(gotFile == "\(folder)/\(file)", sourceLocation: sourceLocation)
    #expect(gotKey == key, sourceLocation: sourceLocation)
    #expect(gotValue == value, sourceLocation: sourceLocation)
    if let supported { #expect(gotSupported == supported, sourceLocation: sourceLocation) }
    let message = "\(folder)/\(file): \(key) is \(value.isEmpty ? "empty" : value), supported is \(gotSupported)"
    #expect(error.description == message + "; use another model", sourceLocation: sourceLocation)
}
