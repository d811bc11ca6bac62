/// Gauges in the text format of Prometheus, version 0.0.4.
///
/// All have names that begin alike, and some labels in common. What is not known is left out.
public struct PrometheusText: Sendable {
    /// A name and a value of each label.
    public typealias Labels = [(name: String, value: String)]

    /// All that was added.
    public private(set) var text = ""
    private let prefix: String
    private let labels: Labels

    /// Nothing yet.
    public init(prefix: String, labels: Labels) {
        self.prefix = prefix
        self.labels = labels
    }

    // MARK: - Gauges

    /// Adds a number.
    public mutating func gauge(_ name: String, _ help: String, _ value: Double?) {
        guard let value else { return }
        add(name, help, [([], value)])
    }

    /// Adds numbers that one label tells apart.
    public mutating func gauge(
        _ name: String, _ help: String, by label: String, _ values: [(key: String, value: Int)]
    ) {
        add(name, help, values.map { ([(label, $0.key)], Double($0.value)) })
    }

    /// Adds texts as the labels of a 1.
    public mutating func info(_ name: String, _ help: String, _ values: [(name: String, value: String?)]) {
        let known = values.compactMap { name, value in value.map { (name: name, value: $0) } }
        guard !known.isEmpty else { return }
        add(name, help, [(known, 1)])
    }

    private mutating func add(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
        guard !samples.isEmpty else { return }
        let name = "\(prefix)_\(name)"
        text += "# HELP \(name) \(help)\n# TYPE \(name) gauge\n"
        for sample in samples {
            text += "\(Self.series(name, Self.list(labels + sample.labels))) \(Self.number(sample.value))\n"
        }
    }

    // MARK: - Earlier text

    /// The value that another text gives to a number which has the common labels alone; `nil` if it has none.
    public func value(of name: String, in earlier: String) -> Double? {
        let beginning = Self.series("\(prefix)_\(name)", Self.list(labels)) + " "
        let line = earlier.split(separator: "\n").first { $0.hasPrefix(beginning) }
        return line.flatMap { Double($0.dropFirst(beginning.count)) }
    }

    // MARK: - Parts of a line

    /// Labels between braces, if there are any, behind a name.
    public static func series(_ name: String, _ labels: String) -> String {
        labels.isEmpty ? name : "\(name){\(labels)}"
    }

    /// Labels, their values quoted.
    public static func list(_ labels: Labels) -> String {
        labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    /// Letter by letter, since a quote with an accent, or CRLF, is one character.
    private static func escaped(_ value: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\", "\"": escaped += ["\\", scalar]
            case "\n": escaped += ["\\", "n"]
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }

    /// A value, without a fraction where it has none.
    public static func number(_ value: Double) -> String {
        value == value.rounded() && value.magnitude < 1e15 ? "\(Int64(value))" : "\(value)"
    }
}
