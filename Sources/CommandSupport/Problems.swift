public import DatasetTable

/// Collects what is wrong with the options of a command, so that all of it is reported together.
public struct Problems {
    private var found: [RunFailure] = []

    /// Nothing wrong yet.
    public init() {}

    /// What the body returns; `nil` if it throws, which is noted.
    public mutating func attempt<Value>(_ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            found.append(RunFailure(error))
            return nil
        }
    }

    /// The value that was made of what ``attempt(_:)`` returned; throws all that was noted if it could not be made.
    public func unless<Value>(_ value: Value?) throws(RunFailure) -> Value {
        guard let value, found.isEmpty else {
            throw RunFailure(.configuration, found.map(\.description).joined(separator: "; "))
        }
        return value
    }
}
