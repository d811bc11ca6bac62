/// The header `Link` of RFC 8288.
package enum LinkHeader {
    /// The target of the first link with the relation `next`, as the server wrote it.
    ///
    /// - Parameter values: The values of all headers `Link` of an answer, in order.
    package static func next(in values: [String]) -> String? {
        for value in values {
            var scanner = LinkScanner(value)
            while let link = scanner.next() {
                if link.relations.contains("next") { return link.target }
            }
        }
        return nil
    }
}

private struct Link {
    var target: String
    var relations: [String] = []
}

/// Reads links one by one, and goes on behind the next comma where something cannot be read.
private struct LinkScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    mutating func next() -> Link? {
        while !rest.isEmpty {
            skip { $0 == UInt8(ascii: ",") || isBlank($0) }
            guard rest.first == UInt8(ascii: "<") else {
                skipParameter()
                skip { $0 == UInt8(ascii: ";") }
                continue
            }
            rest.removeFirst()
            let target = take { $0 != UInt8(ascii: ">") }
            // A link whose bracket stays open is none.
            guard rest.popFirst() != nil else { return nil }
            return readParameters(of: Link(target: target))
        }
        return nil
    }

    private mutating func readParameters(of link: Link) -> Link {
        var link = link
        var hasRelation = false
        while true {
            skip(isBlank)
            guard rest.first == UInt8(ascii: ";") else { break }
            rest.removeFirst()
            skip(isBlank)
            let name = take { !isBlank($0) && !"=;,".utf8.contains($0) }.lowercased()
            let value = readValue()
            // Only the first `rel` of a link counts.
            if name == "rel", !hasRelation {
                hasRelation = true
                link.relations = value.lowercased().split { $0 == " " || $0 == "\t" }.map(String.init)
            }
        }
        skipParameter()
        return link
    }

    private mutating func readValue() -> String {
        skip(isBlank)
        guard rest.first == UInt8(ascii: "=") else { return "" }
        rest.removeFirst()
        skip(isBlank)
        guard rest.first == UInt8(ascii: "\"") else { return take { !isBlank($0) && !";,".utf8.contains($0) } }
        rest.removeFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
            value.append(byte == UInt8(ascii: "\\") ? rest.popFirst() ?? byte : byte)
        }
        return String(decoding: value, as: UTF8.self)
    }

    /// Skips to the next comma or semicolon that is not quoted.
    private mutating func skipParameter() {
        var isQuoted = false
        while let byte = rest.first, isQuoted || (byte != UInt8(ascii: ",") && byte != UInt8(ascii: ";")) {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            rest.removeFirst()
        }
    }

    private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        rest = rest.drop(while: isSkipped)
    }

    private mutating func take(_ isTaken: (UInt8) -> Bool) -> String {
        let taken = rest.prefix(while: isTaken)
        rest = rest[taken.endIndex...]
        return String(decoding: taken, as: UTF8.self)
    }
}

private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
}
