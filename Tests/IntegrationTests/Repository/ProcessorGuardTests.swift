#if arch(x86_64)
    import Foundation
    import Testing

    /// The built executable on emulated processors.
    ///
    /// Only an emulator can show this: the tests themselves are compiled for x86-64-v3.
    @Suite(
        "The processor guard", .enabled(if: Emulator.path != nil, "needs qemu-x86_64: run Scripts/setup --for-tests"))
    struct ProcessorGuardTests {
        @Test(
            "refuses a processor before x86-64-v3 in one line that names what it lacks",
            .timeLimit(.minutes(30)), arguments: [("Nehalem", "avx avx2"), ("SandyBridge", "avx2 bmi")])
        func refusal(processor: String, missing: String) throws {
            let outcome = try Emulator.run("embedding-job", on: processor, arguments: ["--help"])
            #expect(outcome.exitStatus == 78)
            #expect(outcome.standardOutput.isEmpty)
            let lines = outcome.standardErrorLines
            #expect(lines.count == 1)
            #expect(lines.first?.hasPrefix("embedding-job: this build needs an x86-64-v3 processor") == true)
            #expect(lines.first?.contains("lacks \(missing)") == true)
        }

        @Test("lets a processor with x86-64-v3 pass", .timeLimit(.minutes(30)), arguments: ["Haswell", "max"])
        func acceptance(processor: String) throws {
            let outcome = try Emulator.run("embedding-job", on: processor, arguments: ["--help"])
            #expect(outcome.exitStatus == 0)
            #expect(!outcome.standardOutput.isEmpty)
        }
    }

    /// QEMU's user-mode emulator, which runs a single program on another processor model.
    private enum Emulator {
        struct Outcome {
            let exitStatus: CInt
            let standardOutput: String
            let standardErrorLines: [String]
        }

        static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "")
            .split(separator: ":")
            .map { "\($0)/qemu-x86_64" }
            .first(where: FileManager.default.isExecutableFile(atPath:))

        /// Runs an executable of the package, which the build puts beside the test bundle.
        static func run(_ executable: String, on processor: String, arguments: [String]) throws -> Outcome {
            let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            let executable = bundle.deletingLastPathComponent().appending(path: executable).path
            try #require(FileManager.default.isExecutableFile(atPath: executable), "\(executable) is not built")

            let process = Process()
            process.executableURL = URL(filePath: try #require(path))
            process.arguments = ["-cpu", processor, executable] + arguments
            let standardOutput = Pipe()
            let standardError = Pipe()
            process.standardOutput = standardOutput
            process.standardError = standardError
            try process.run()
            // Each is far smaller than a pipe's buffer, so one can be read after the other.
            let output = standardOutput.fileHandleForReading.readDataToEndOfFile()
            let errors = standardError.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()

            return Outcome(
                exitStatus: process.terminationReason == .exit ? process.terminationStatus : -1,
                standardOutput: String(decoding: output, as: UTF8.self),
                standardErrorLines: String(decoding: errors, as: UTF8.self)
                    .split(separator: "\n")
                    .map(String.init)
                    // QEMU's own remarks about what its models leave out.
                    .filter { !$0.contains("qemu-x86_64: warning: ") })
        }
    }
#endif
