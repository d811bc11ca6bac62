public import Testing

/// Lets the private servers of a suite begin with copies of one empty cluster; `initdb` takes longer than most tests.
public struct SharedCluster: SuiteTrait, TestScoping {
    /// A server that is never started, whose cluster is copied.
    @TaskLocal static var template: PrivateServer?

    /// Makes the cluster, and removes it when the suite has ended.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let server = try PrivateServer()
        do {
            try await server.initialize()
            try await Self.$template.withValue(server) { try await function() }
        } catch {
            try await server.destroy()
            throw error
        }
        try await server.destroy()
    }
}

extension Trait where Self == SharedCluster {
    /// Makes an empty cluster once, for all private servers of the suite.
    public static var sharedCluster: Self { SharedCluster() }
}
