import HTTPTypes
import Hummingbird
import HummingbirdCore

/// The query of an address as forms write it, each of whose parameters must be one that the route knows.
struct QueryString {
    private var parameters: [String: [String]] = [:]

    /// Refuses parameters that would be ignored, and some that would count twice.
    init(_ request: Request, known: Set<String>, repeatable: Set<String> = []) throws(Problem) {
        for pair in (request.uri.query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decoded(parts[0])
            guard known.contains(name) else {
                throw Problem(.badRequest, "the parameter \"\(Self.shown(name))\" is not known")
            }
            guard parameters[name] == nil || repeatable.contains(name) else {
                throw Problem(.badRequest, "the parameter \"\(name)\" is given twice")
            }
            parameters[name, default: []].append(parts.count > 1 ? try Self.decoded(parts[1]) : "")
        }
    }

    /// The value of a parameter; nil if it is not there or empty.
    func text(_ name: String) -> String? { texts(name).first }

    /// All values of a parameter that are not empty.
    func texts(_ name: String) -> [String] { (parameters[name] ?? []).filter { !$0.isEmpty } }

    /// A whole number within a range.
    func number(_ name: String, in range: ClosedRange<Int>, otherwise: Int) throws(Problem) -> Int {
        guard let text = text(name) else { return otherwise }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), range.contains(number)
        else {
            throw Problem(
                .badRequest, "\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// True or false.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch text(name) {
        case nil, "false", "0": return false
        case "true", "1", "on": return true
        default: throw Problem(.badRequest, "\(name) is true or false")
        }
    }

    /// A plus is a blank, and what follows a percent sign is a byte of UTF-8.
    private static func decoded(_ text: Substring) throws(Problem) -> String {
        var (bytes, rest): ([UInt8], Substring.UTF8View.SubSequence) = ([], text.utf8[...])
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, let value = UInt8(digits, radix: 16),
                    digits.utf8.first != UInt8(ascii: "+")
                else { throw malformed }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        guard !bytes.contains(0), let decoded = String(validating: bytes, as: UTF8.self) else { throw malformed }
        return decoded
    }

    private static let malformed = Problem(
        .badRequest, "the query is not UTF-8 in percent signs, or holds a NUL character")

    private static func shown(_ name: String) -> String {
        String(name.prefix(40).filter { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" })
    }
}
