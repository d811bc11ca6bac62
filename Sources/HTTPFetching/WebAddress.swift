/// An absolute URL of http or https, taken apart by rules so narrow that no other reader can see another host in it.
package struct WebAddress: Sendable, Hashable {
    /// Where requests go.
    package let origin: Origin
    /// The path, which begins with a slash.
    package let path: String
    /// What follows the question mark, `nil` without one.
    package let query: String?

    /// Takes the parts; characters that no URL may have are percent-encoded.
    ///
    /// - Parameters:
    ///   - origin: Where requests go.
    ///   - target: Path and query, and perhaps a fragment, which is dropped; without control characters and blanks.
    package init?(origin: Origin, target: some StringProtocol) {
        guard let target = Self.encoded(target.prefix { $0 != "#" }) else { return nil }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.origin = origin
        path = parts[0].hasPrefix("/") ? String(parts[0]) : "/\(parts[0])"
        query = parts.count == 2 ? String(parts[1]) : nil
    }

    /// Reads an absolute URL; `nil` for everything else.
    package init?(_ text: some StringProtocol) {
        guard let scheme = text.firstIndex(of: ":"), text[scheme...].hasPrefix("://") else { return nil }
        let rest = text[scheme...].dropFirst(3)
        let end = rest.firstIndex { "/?#\\".contains($0) } ?? rest.endIndex
        guard let origin = Origin(scheme: text[..<scheme], authority: rest[..<end]) else { return nil }
        self.init(origin: origin, target: rest[end...])
    }

    /// Path and query.
    package var target: String { query.map { "\(path)?\($0)" } ?? path }

    /// The whole URL.
    package var text: String { origin.text + target }

    /// Host and path, for messages.
    package var place: String { origin.name + path }

    /// Whether a text begins with a scheme, and so is no path.
    package static func isAbsolute(_ text: some StringProtocol) -> Bool {
        guard let colon = text.firstIndex(where: { ":/?#".contains($0) }), text[colon] == ":" else { return false }
        let scheme = text[..<colon].utf8
        guard let first = scheme.first, isLetterOrDigit(first), first > UInt8(ascii: "9") else { return false }
        return scheme.allSatisfy { isLetterOrDigit($0) || "+-.".utf8.contains($0) }
    }

    /// Resolves a reference of an answer as RFC 3986 does; `nil` for what is not a URL of http or https.
    package func resolve(_ reference: String) -> WebAddress? {
        if Self.isAbsolute(reference) { return WebAddress(reference) }
        if reference.hasPrefix("//") {
            return WebAddress("\(origin.isEncrypted ? "https" : "http"):\(reference)")
        }
        let end = reference.firstIndex { "?#".contains($0) } ?? reference.endIndex
        let (newPath, rest) = (reference[..<end], reference[end...])
        if newPath.isEmpty {
            return WebAddress(origin: origin, target: rest.hasPrefix("?") ? path + rest : target)
        }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        let joined = newPath.hasPrefix("/") ? String(newPath) : String(folder + newPath)
        return WebAddress(origin: origin, target: Self.withoutDotSegments(joined) + rest)
    }

    private static func withoutDotSegments(_ path: String) -> String {
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for segment in segments {
            switch segment {
            case ".": break
            case "..": _ = kept.popLast()
            default: kept.append(segment)
            }
        }
        // A dot segment at the end leaves the folder.
        if segments.last == "." || segments.last == ".." { kept.append("") }
        return "/" + kept.joined(separator: "/")
    }

    /// Percent-encodes what may not stand in a URL; `nil` for control characters and blanks.
    private static func encoded(_ text: some StringProtocol) -> String? {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            guard byte > 0x20, byte != 0x7F else { return nil }
            let isEscape =
                byte == UInt8(ascii: "%") && index + 2 < bytes.count && isHexadecimal(bytes[index + 1])
                && isHexadecimal(bytes[index + 2])
            if isEscape || isLetterOrDigit(byte) || "-._~!$&'()*+,;=:@/?".utf8.contains(byte) {
                result.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
