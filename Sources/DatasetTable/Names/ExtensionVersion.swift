/// The version of a PostgreSQL extension, such as `0.8.5`.
package struct ExtensionVersion: Sendable, Comparable, CustomStringConvertible {
    /// What stands between the dots; what follows a number, as in `0.9.0dev`, does not count.
    private let numbers: [Int]

    package init(_ text: String) {
        numbers = text.split(separator: ".").map { Int($0.prefix { "0"..."9" ~= $0 }) ?? 0 }
    }

    package var description: String { numbers.map(String.init).joined(separator: ".") }

    package static func < (first: Self, second: Self) -> Bool {
        first.numbers.lexicographicallyPrecedes(second.numbers)
    }
}
