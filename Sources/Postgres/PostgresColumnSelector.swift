/// Which column to read, usually written as a literal: its number from 0, or its name.
public enum PostgresColumnSelector: Sendable, Hashable {
    /// The column with this number, counted from 0.
    case number(Int)
    /// The first column with this name.
    case name(String)
}

extension PostgresColumnSelector: ExpressibleByIntegerLiteral {
    /// The column with this number.
    public init(integerLiteral number: Int) {
        self = .number(number)
    }
}

extension PostgresColumnSelector: ExpressibleByStringLiteral {
    /// The first column with this name.
    public init(stringLiteral name: String) {
        self = .name(name)
    }
}

extension PostgresColumnSelector: CustomStringConvertible {
    /// The number, or the name in quotation marks.
    public var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .name(let name): "\"\(name)\""
        }
    }
}
