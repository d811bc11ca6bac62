/// The version of a PostgreSQL extension, such as `0.8.5`.
struct ExtensionVersion: Sendable, Comparable, CustomStringConvertible {
    /// What stands between the dots; what follows a number, as in `0.9.0dev`, does not count.
    private let numbers: [Int]

    init(_ text: String) {
        numbers = text.split(separator: ".").map { Int($0.prefix { "0"..."9" ~= $0 }) ?? 0 }
    }

    var description: String { numbers.map(String.init).joined(separator: ".") }

    static func < (first: Self, second: Self) -> Bool { first.numbers.lexicographicallyPrecedes(second.numbers) }
}
