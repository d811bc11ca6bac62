import Foundation
import Testing

/// A text in Prometheus's format, read as strictly as the format's description allows.
struct PrometheusExposition {
    struct Sample {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    private(set) var samples: [Sample] = []
    /// The type of each metric.
    private(set) var types: [String: String] = [:]
    private(set) var helps: [String: String] = [:]

    /// Reads a text; throws unless each metric has help, a type and then its samples, in one piece and each once.
    init(_ text: String) throws {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(String.init)
        let bytes = try lines.map { try #require($0) }
        try #require(bytes.last == "", "the last line ends, too")
        var current: String?
        for line in bytes.dropLast() {
            if let help = line.wholeMatch(of: /# HELP ([a-z_:][a-z0-9_:]*) (.+)/) {
                try #require(helps.updateValue(String(help.2), forKey: String(help.1)) == nil, "\(line)")
                current = nil
            } else if let type = line.wholeMatch(of: /# TYPE ([a-z_:][a-z0-9_:]*) (gauge|counter|histogram)/) {
                let name = String(type.1)
                try #require(helps[name] != nil && types.updateValue(String(type.2), forKey: name) == nil, "\(line)")
                current = name
            } else {
                let sample = try Self.sample(line)
                try #require(sample.name == current, "stands apart from its type: \(line)")
                let isNew = !samples.contains { $0.name == sample.name && $0.labels == sample.labels }
                try #require(isNew, "comes twice: \(line)")
                samples.append(sample)
            }
        }
        try #require(Set(samples.map(\.name)) == Set(types.keys), "a metric without a sample")
    }

    private static func sample(_ line: String) throws -> Sample {
        var rest = line.unicodeScalars[...]
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        try #require(try /[a-z_:][a-z0-9_:]*/.wholeMatch(in: name) != nil, "\(line)")
        rest = rest.dropFirst(name.unicodeScalars.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            repeat {
                rest = rest.dropFirst()
                let label = String(rest.prefix { $0 != "=" })
                try #require(try /[a-z_][a-z0-9_]*/.wholeMatch(in: label) != nil, "\(line)")
                rest = rest.dropFirst(label.unicodeScalars.count)
                let value = try quoted(&rest, line)
                try #require(labels.updateValue(value, forKey: label) == nil, "\(line)")
            } while rest.first == ","
            try #require(rest.popFirst() == "}", "\(line)")
        }
        try #require(rest.popFirst() == " ", "\(line)")
        return Sample(name: name, labels: labels, value: try #require(Double(String(rest)), "\(line)"))
    }

    /// Takes `="…"` off a text, with the three escapes that the format has.
    private static func quoted(_ rest: inout Substring.UnicodeScalarView, _ line: String) throws -> String {
        try #require(rest.popFirst() == "=" && rest.popFirst() == "\"", "\(line)")
        var value = String.UnicodeScalarView()
        while let scalar = rest.popFirst(), scalar != "\"" {
            guard scalar == "\\" else {
                value.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "n": value.append("\n")
            case "\\": value.append("\\")
            case "\"": value.append("\"")
            default: Issue.record("an escape that the format does not have: \(line)")
            }
        }
        return String(value)
    }

    /// The value of the one sample of a metric that has these labels among its own, `nil` if there is none.
    func value(_ name: String, _ labels: [String: String] = [:]) throws -> Double? {
        let matching = samples.filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }
        try #require(matching.count <= 1, "\(name) is ambiguous")
        return matching.first?.value
    }
}
