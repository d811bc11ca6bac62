import ArgumentParser
import Checksum
import CommandSupport

/// `catalog-server new-key`: makes a key, and the line by which a server knows it.
struct NewKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-key", abstract: "Make a key, and the line for the file of keys.",
        discussion: """
            The key is shown this once, on the first line, and kept nowhere; the second line holds its hash and goes into the file \
            that --keys names.
            """)

    @Option(help: "Who will have the key; letters, digits, dots, dashes.") var name: String

    @Option(help: "search, or tasks, which includes searching.") var right: AccessKeys.Right

    func validate() throws {
        guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) })
        else {
            throw ValidationError("a name has letters, digits, dots, dashes and underscores only")
        }
    }

    func run() throws {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let key = bytes.hexadecimal
        try StandardOutput.print(key)
        try StandardOutput.print("\(name):\(right.rawValue):\(try SHA256Hasher.digest(of: key).hexadecimal)")
        try StandardOutput.close()
    }
}

extension AccessKeys.Right: ExpressibleByArgument {}
