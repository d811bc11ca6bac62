package import Foundation

extension Process {
    /// Starts the program, and closes this process's own copies of the files that the program writes to.
    ///
    /// Foundation closes the ends of pipes only and never lets go of a file. A test process that collects descriptors
    /// ends by a memory fault: to find the largest one, `run()` lists `/proc/self/fd` and copies 256 bytes of each name,
    /// which, from some 1,300 names on, reach past the end of the listing.
    package func start() throws {
        defer {
            let shared = [FileHandle.standardOutput, .standardError, .nullDevice]
            for case let file as FileHandle in [standardOutput, standardError] where !shared.contains(file) {
                try? file.close()
            }
        }
        try run()
    }

    /// Starts the program and waits for its end.
    package func runToEnd() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            terminationHandler = { _ in continuation.resume() }
            do {
                try start()
            } catch {
                terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
    }
}
