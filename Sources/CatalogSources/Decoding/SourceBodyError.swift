/// Why the whole body of an answer cannot be used, although its status says success.
package enum SourceBodyError: Error, Equatable, CustomStringConvertible {
    /// It is not JSON, or was cut short: asking again may help.
    case notJSON
    /// It is JSON of another form than the interface's.
    case unexpectedShape
    /// It tells an error instead, with its code if it has one.
    case refused(code: Int?)

    /// The refusal that an object's members tell: `{"code": 429, …}`, `{"error": …}` or `{"errors": […]}`.
    init?(refusing members: [String: ArraySlice<UInt8>]) {
        let told = members["error"] ?? members["errors"]
        let nothing = ["null", "\"\"", "[]", "{}", "false"]
        let error = told.flatMap { told in nothing.contains { told.elementsEqual($0.utf8) } ? nil : told }
        let outer = members["code"].flatMap(Self.code)
        let inner = error.flatMap { try? JSONScanner.members(of: Array($0))["code"] }.flatMap(Self.code)
        guard error != nil || outer ?? 0 >= 400 else { return nil }
        self = .refused(code: inner ?? outer)
    }

    private static func code(_ value: ArraySlice<UInt8>) -> Int? {
        Int(String(decoding: value, as: UTF8.self))
    }

    package var description: String {
        switch self {
        case .notJSON: "The source's answer is not JSON or was cut short; try again later."
        case .unexpectedShape: "The source's answer is JSON of an unknown form; report it with the version in use."
        case .refused(let code?): "The source told the error \(code) in an answer of success; try again later."
        case .refused(nil): "The source told an error in an answer of success; try again later."
        }
    }
}
