public import Testing

internal import Foundation

/// Lets the private servers of a suite begin with copies of one empty cluster, in memory where there is room.
///
/// `initdb` takes longer than most tests, and a disk that others use as well makes each restart take seconds. What a test
/// ends is the server, never the machine, so what the server has written is there again whether it reached a disk or not.
public struct SharedCluster: SuiteTrait, TestScoping {
    /// A server that is never started, whose cluster is copied.
    @TaskLocal static var template: PrivateServer?

    /// A file system in memory with enough room for several clusters, if there is one.
    private static var memory: URL? {
        let path = "/dev/shm"
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
        guard let free = attributes?[.systemFreeSize] as? NSNumber, free.int64Value > 1 << 30 else { return nil }
        return URL(filePath: path)
    }

    /// Makes the cluster, and removes it when the suite has ended.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let server = try PrivateServer(in: Self.memory)
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
