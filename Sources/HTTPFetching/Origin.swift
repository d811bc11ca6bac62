/// Scheme, host and port of a URL: what a key may be sent to.
package struct Origin: Sendable, Hashable {
    /// Whether TLS is used.
    package let isEncrypted: Bool
    /// The host in lower case, an IPv6 address in brackets.
    package let host: String
    /// The port.
    package let port: Int

    /// Reads the part of a URL between `scheme://` and the path; `nil` for what is no plain host with an optional port.
    ///
    /// - Parameters:
    ///   - scheme: `http` or `https`, in any case.
    ///   - authority: Host and port; a user name is not accepted.
    package init?(scheme: some StringProtocol, authority: some StringProtocol) {
        switch scheme.lowercased() {
        case "https": isEncrypted = true
        case "http": isEncrypted = false
        default: return nil
        }
        let text = authority.lowercased()
        // The colons of an IPv6 address are inside its brackets.
        let end = text.firstIndex(of: "]").map { text.index(after: $0) } ?? text.firstIndex(of: ":") ?? text.endIndex
        let rest = text[end...]
        guard Self.isHost(text[..<end]) else { return nil }
        host = String(text[..<end])
        if rest.isEmpty || rest == ":" {
            port = isEncrypted ? 443 : 80
        } else {
            let digits = rest.dropFirst()
            guard rest.first == ":", digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(digits), (1...65_535).contains(number)
            else { return nil }
            port = number
        }
    }

    private static func isHost(_ text: Substring) -> Bool {
        if text.first == "[", text.last == "]" {
            let address = text.dropFirst().dropLast()
            return address.contains(":")
                && address.utf8.allSatisfy { UInt8(ascii: ":") == $0 || UInt8(ascii: ".") == $0 || isHexadecimal($0) }
        }
        return !text.isEmpty && text.utf8.count <= 253 && text.first != "." && text.first != "-"
            && text.utf8.allSatisfy { isLetterOrDigit($0) || "-._".utf8.contains($0) }
    }

    /// Whether it is this machine, to which a connection needs no encryption.
    package var isLoopback: Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil && !$0.hasPrefix("+") }
    }

    /// Host and port, without the port that is usual for the scheme.
    package var name: String {
        port == (isEncrypted ? 443 : 80) ? host : "\(host):\(port)"
    }

    /// The origin as a URL without a path.
    package var text: String { "\(isEncrypted ? "https" : "http")://\(name)" }
}

/// Whether a byte is a letter of ASCII or a digit.
func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
}

/// Whether a byte is a digit to base 16.
func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
}
