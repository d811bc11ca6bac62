public import ArgumentParser
import Configuration
import DatasetTable
import Logging
import SystemPackage

/// Where the value of an option comes from: the flag, else the environment, else `.env`, else a default.
///
/// A value from the environment is read by the same parser as the flag; a bad one is a fault of the configuration (exit
/// status 78), not of the command line. Values are never quoted in messages: one may be a password.
public struct Settings: Sendable {
    private let environment: EnvironmentVariablesProvider
    private let file: DotEnv

    /// Reads the environment and, where there is one, `.env` in the working directory.
    public init() async throws {
        let environment = EnvironmentVariablesProvider()
        do {
            if let text = try FileSystem.text(of: SettingsFile.path) {
                file = DotEnv(text) { try? environment.environmentValue(forName: $0) }
            } else {
                file = DotEnv()
            }
        } catch {
            Logger.standardError().warning(
                ".env cannot be read, so what it sets does not count; mend it or remove it",
                metadata: ["reason": "\(error)"])
            file = DotEnv()
        }
        self.environment = environment
        guard !file.unreadableLines.isEmpty else { return }
        Logger.standardError().warning(
            ".env has lines that are no settings; they are skipped",
            metadata: ["lines": "\(file.unreadableLines.map(String.init).joined(separator: ", "))"])
    }

    /// The value of an option, `nil` if nobody set it.
    ///
    /// An empty variable counts as not set, so `.env` may set it.
    public func value<Value: ExpressibleByArgument>(_ flag: Value?, _ variable: String) throws -> Value? {
        if let flag { return flag }
        guard let (text, place) = try text(variable) else { return nil }
        guard let value = Value(argument: text) else {
            throw RunFailure(.configuration, "\(place) \(variable) is not a valid \(Value.noun)")
        }
        return value
    }

    /// The text of an option of which blanks say nothing, `nil` if nobody set it: neither flag nor variable, nor `.env`.
    func text(_ flag: String?, _ variable: String) -> String? {
        let texts = [flag, try? environment.environmentValue(forName: variable), file.values[variable]]
        return texts.compactMap(\.self).first { !$0.allSatisfy(\.isWhitespace) }
    }

    /// The value of an option that counts something of which more than `limit` would be of no use, or more than the memory
    /// holds.
    public func count(_ flag: PositiveCount?, _ option: String, _ variable: String, atMost limit: Int) throws -> Int? {
        guard let count = try value(flag, variable)?.value else { return nil }
        guard count <= limit else {
            throw RunFailure(
                .configuration, "\(option) (\(variable)) is more than \(limit), beyond which nothing is gained")
        }
        return count
    }

    /// Whether a flag is given, or its variable is `true`.
    public func flag(_ flag: Bool, _ variable: String) throws -> Bool {
        try flag || value(Bool?.none, variable) ?? false
    }

    /// The value of an option that must be set.
    public func required<Value: ExpressibleByArgument>(_ flag: Value?, _ option: String, _ variable: String) throws
        -> Value
    {
        guard let value = try value(flag, variable) else {
            throw RunFailure(.configuration, "nothing is set for \(option); give the flag or set \(variable)")
        }
        return value
    }

    /// The variables of libpq that only the file sets, by name.
    var serverVariables: [String: String] {
        file.values.filter { $0.key.hasPrefix("PG") }
    }

    private func text(_ variable: String) throws -> (text: String, place: String)? {
        if let text = try environment.environmentValue(forName: variable), !text.isEmpty {
            return (text, "the environment variable")
        }
        guard let text = file.values[variable], !text.isEmpty else { return nil }
        return (text, "in the file .env,")
    }
}

extension ExpressibleByArgument {
    /// What a message calls a value of this type.
    fileprivate static var noun: String {
        if Self.self == PositiveCount.self { return "number, it must be 1 or more" }
        if Self.self == Bool.self { return "value, it must be true or false" }
        let words = allValueStrings
        guard let last = words.last, words.count > 1 else { return "value" }
        return "value, it must be \(words.dropLast().joined(separator: ", ")) or \(last)"
    }
}

/// A whole number from 1.
public struct PositiveCount: ExpressibleByArgument, Sendable {
    /// The number.
    public let value: Int

    /// Reads it; `nil` for what is no number from 1 to 2³¹ − 1.
    public init?(argument: String) {
        guard let value = Int(argument), value > 0, value <= Int32.max else { return nil }
        self.value = value
    }

    /// A default.
    public init(_ value: Int) {
        self.value = max(1, value)
    }

    /// The number.
    public var defaultValueDescription: String { String(value) }
}
