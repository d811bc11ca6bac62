import ComputeTestSupport
import Foundation
import PostgresTestSupport
import Testing

@Suite("Programs that the tests start")
struct ProcessStartTests {
    @Test("leave none of the files that they write to open in the test process")
    func outputIsClosed() async throws {
        try await withTemporaryFolder { folder in
            let output = URL(filePath: folder.path).appending(path: "output")
            try Data().write(to: output)
            let process = Process()
            process.executableURL = URL(filePath: "/bin/echo")
            process.arguments = ["done"]
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = process.standardOutput
            try await process.runToEnd()

            #expect(try String(contentsOf: output, encoding: .utf8) == "done\n")
            let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            // A descriptor of another test may be gone by the time it is looked at.
            let open = descriptors.compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }
            #expect(!open.contains(output.path))
        }
    }
}
