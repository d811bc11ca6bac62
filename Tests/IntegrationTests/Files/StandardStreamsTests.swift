import ComputeTestSupport
import Foundation
import JobTestSupport
import Testing

/// Standard streams that are full, closed, non-blocking, or a terminal.
@Suite("The standard streams of commands", .timeLimit(.minutes(30)))
struct StandardStreamsTests {
    private let job: BuiltExecutable

    init() throws {
        job = try BuiltExecutable()
        try job.write("{\"text\":\"sea\"}\n", to: "texts.jsonl")
    }

    static let commands = [
        ["model", "--model", Fixtures.toyModel], ["schema", "--dimension", "3"], ["--help"], ["--version"],
        ["encode", "--help"], ["--generate-completion-script", "bash"],
        ["tokenize", "--model", Fixtures.toyModel, "--input", "texts.jsonl"],
        ["encode", "--model", Fixtures.toyModel, "--input", "texts.jsonl", "--output", "-"],
        [
            "bench", "--model", Fixtures.toyModel, "--input", "texts.jsonl", "--batch-sizes", "1", "--repetitions", "1",
        ],
    ]

    @Test(
        "that take nothing make a command fail, and are named",
        arguments: StandardStreamsTests.commands,
        [("> /dev/full", "No space left on device"), (">&-", "it is closed")])
    func unwritable(arguments: [String], stream: (redirection: String, reason: String)) async throws {
        let shell = ["/bin/sh", "-c", "exec \"$@\" \(stream.redirection)", "sh"]
        let outcome = try await job.start(arguments, launcher: shell).outcome(within: .seconds(60))
        #expect(outcome.exitStatus == 65)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.standardError.contains("standard output cannot be written: \(stream.reason)"))
    }

    @Test("that are a file of the greatest size allowed make a command fail, not end by a signal")
    func fileSizeLimit() async throws {
        let shell = ["/bin/sh", "-c", "ulimit -f 1; exec \"$@\" > help.txt", "sh"]
        let outcome = try await job.start(["run", "--help"], launcher: shell).outcome(within: .seconds(60))
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("standard output cannot be written: File too large"))
    }

    @Test("are read and written as far as there is anything, where somebody has made them non-blocking")
    func nonBlocking() async throws {
        // Nothing comes for a while, and what goes out is taken slowly.
        let script = """
            import os, subprocess, sys, threading
            (input, feed), (drain, output) = os.pipe(), os.pipe()
            for end in (input, output): os.set_blocking(end, False)
            process = subprocess.Popen(sys.argv[1:], stdin=input, stdout=output)
            os.close(input); os.close(output)
            def write():
                for _ in range(4000): os.write(feed, b'{"text":"sea"}\\n')
                os.close(feed)
            threading.Timer(0.5, write).start()
            while piece := os.read(drain, 2048): sys.stdout.buffer.write(piece)
            sys.stdout.flush()
            sys.exit(process.wait())
            """
        let outcome = try await job.start(
            ["encode", "--model", Fixtures.toyModel, "--input", "-", "--output", "-"],
            launcher: ["/usr/bin/env", "python3", "-c", script]
        ).outcome()
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        #expect(outcome.outputLines.count == 4000)
        #expect(outcome.outputLines.last?.hasSuffix("]}") == true)
    }

    @Test("that are a terminal are as they were after a signal")
    func terminal() async throws {
        let script = """
            import fcntl, os, pty, signal, subprocess, sys, time
            master, slave = pty.openpty()
            before = fcntl.fcntl(slave, fcntl.F_GETFL)
            process = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=slave)
            os.write(master, b'{"text":"sea"}\\n')
            answer = b""
            while b'"ids"' not in answer: answer += os.read(master, 1000)
            process.send_signal(signal.SIGINT)
            print(process.wait(), fcntl.fcntl(slave, fcntl.F_GETFL) == before)
            """
        let outcome = try await job.start(
            ["tokenize", "--model", Fixtures.toyModel, "--input", "-"],
            launcher: ["/usr/bin/env", "python3", "-c", script]
        ).outcome(within: .seconds(60))
        #expect(outcome.output == "-2 True\n", "\(outcome.standardError)")
    }

    @Test("that nobody reads end a command as they end filters, while one that writes a file goes on")
    func brokenPipe() async throws {
        let filter = try await job.run(["model", "--model", Fixtures.toyModel], output: .brokenPipe)
        #expect(filter.signal == 13 && filter.standardError.isEmpty)
        let run = try job.start(
            ["encode", "--model", Fixtures.toyModel, "--input", "texts.jsonl", "--output", "v.npy"], errors: .brokenPipe
        )
        #expect(try await run.outcome().exitStatus == 0)
        #expect(try NumPyArray(job.read("v.npy")).rows == 1)
    }

    @Test("get no control character from a file, a name or an argument")
    func controlCharacters() async throws {
        let hostile = "\u{1B}[2J\u{9B}31m\u{202E}\u{7F}\r\n{\"level\":\"error\"}"
        let escaped = #"\u001b[2J\u009b31m\u202e\u007f\u000d\u000a{"#
        func expectClean(_ outcome: BuiltExecutable.Outcome, mentions text: String? = escaped) {
            let scalars = (outcome.output + outcome.standardError).unicodeScalars
            #expect(!scalars.contains { "\u{1B}\u{9B}\u{202E}\u{7F}".unicodeScalars.contains($0) })
            if let text { #expect((outcome.output + outcome.standardError).contains(text)) }
        }
        let input = ["tokenize", "--model", Fixtures.toyModel, "--input", hostile]
        let logged = try await job.run(input)
        #expect(logged.exitStatus == 65 && logged.errorLines.count == 1)
        expectClean(logged, mentions: nil)
        #expect(logged.standardError.contains(#"\u001b[2J\u009b31m\u202e\u007f\r\n{"#))
        if BuiltExecutable.hasPseudoTerminal {
            let shown = try await job.run(input, onTerminal: true)
            expectClean(shown)
            #expect(shown.outputLines.count == 1)
        }
        expectClean(try await job.run(["run", hostile]), mentions: #"\u001b[2J\u009b31m\u202e"#)

        // A folder of this name, as somebody else may have made it.
        let model = "model\u{1B}]0;x\u{7}"
        try FileManager.default.copyItem(
            at: URL(filePath: Fixtures.toyModel), to: job.folder.appending(path: model))
        expectClean(try await job.run(["model", "--model", "./\(model)"]), mentions: #"model\u001b]0;x\u0007"#)
        let vectors = try await job.run(
            ["encode", "--model", Fixtures.toyModel, "--input", "-", "--output", "-"],
            input: Data("{\"text\":\"a\",\"id\":\"\u{9B}31m\u{202E}\"}".utf8))
        expectClean(vectors, mentions: #"{"id":"\u009b31m\u202e","#)
    }

    @Test("get long texts cut")
    func longTexts() async throws {
        let name = String(repeating: "x", count: 100_000)
        let outcome = try await job.run(["tokenize", "--model", Fixtures.toyModel, "--input", name])
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.utf8.count < 5000)
        #expect(outcome.standardError.contains("more characters)"))
    }
}
