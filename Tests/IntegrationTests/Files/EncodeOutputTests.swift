import ComputeTestSupport
import Foundation
import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

/// What becomes of files, pipes and disks that vectors are written to; the toy model does for it.
@Suite("embedding-job encode, beside others and on disks that are full,", .timeLimit(.minutes(30)))
struct EncodeOutputTests {
    private let job: BuiltExecutable
    private static let sea = "{\"text\":\"sea\"}\n"

    init() throws {
        job = try BuiltExecutable()
    }

    private func arguments(_ output: String, input: String = "-") -> [String] {
        ["encode", "--model", Fixtures.toyModel, "--threads", "1", "--input", input, "--output", output]
    }

    /// Starts a run that waits for texts from a pipe, its output opened.
    private func startWaiting(
        _ output: String, _ pipe: String = "texts", launcher: [String] = []
    ) async throws -> (run: RunningJob, writer: FileHandle) {
        let writer = try job.makePipe(pipe)
        let before = try job.files().count
        let run = try job.start(arguments(output, input: pipe), launcher: launcher)
        while run.isRunning, try job.files().count == before { await Task.yield() }
        return (run, writer)
    }

    @Test("two processes write the same output, each a complete one", arguments: ["vectors.npy", "vectors.jsonl"])
    func concurrent(output: String) async throws {
        let first = try await startWaiting(output, "first")
        let second = try await startWaiting(output, "second")
        try first.writer.write(contentsOf: Data(String(repeating: Self.sea, count: 3).utf8))
        try first.writer.close()
        #expect(try await first.run.outcome().exitStatus == 0)
        #expect(try rows(of: output) == 3)
        try second.writer.write(contentsOf: Data(String(repeating: Self.sea, count: 5).utf8))
        try second.writer.close()
        #expect(try await second.run.outcome().exitStatus == 0)
        #expect(try rows(of: output) == 5)
        #expect(try job.files() == ["first", "second", output])
    }

    private func rows(of output: String) throws -> Int {
        let data = try job.read(output)
        return output.hasSuffix("npy") ? try NumPyArray(data).rows : data.split(separator: UInt8(ascii: "\n")).count
    }

    @Test(
        "an ordinary signal has its ordinary effect, and leaves nothing", arguments: [SIGHUP, SIGINT, SIGQUIT, SIGTERM])
    func signals(signal: Int32) async throws {
        let (run, writer) = try await startWaiting(
            "vectors.npy", launcher: ["/bin/sh", "-c", "ulimit -c 0; exec \"$@\"", "sh"])
        run.send(signal)
        #expect(try await run.outcome(within: .seconds(30)).signal == signal)
        #expect(try job.files() == ["texts"])
        try writer.close()
    }

    @Test("a signal that the caller has had ignored is ignored")
    func nohup() async throws {
        let (run, writer) = try await startWaiting(
            "vectors.npy", launcher: ["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh"])
        run.send(SIGHUP)
        try writer.write(contentsOf: Data(Self.sea.utf8))
        try writer.close()
        #expect(try await run.outcome().exitStatus == 0)
        #expect(try rows(of: "vectors.npy") == 1)
    }

    @Test("what kill -9 has left is neither used nor in the way")
    func killed() async throws {
        let (run, writer) = try await startWaiting("vectors.npy")
        run.send(SIGKILL)
        #expect(try await run.outcome().signal == SIGKILL)
        try writer.close()
        let left = try #require(try job.files().first { $0.hasSuffix(".partial") })
        #expect(left.hasPrefix("vectors.npy."))
        let before = try job.read(left)
        #expect(try await job.run(arguments("vectors.npy"), input: Data(Self.sea.utf8)).exitStatus == 0)
        #expect(try rows(of: "vectors.npy") == 1)
        #expect(try job.read(left) == before)
        #expect(try job.files() == ["texts", "vectors.npy", left])
    }

    // MARK: - What is read is not written

    @Test(
        "refuses to write over what it reads, by whichever name",
        arguments: ["texts.jsonl", "./texts.jsonl", "link.jsonl", "hard.jsonl"], ["texts.jsonl", "-"])
    func inputIsOutput(output: String, input: String) async throws {
        try job.write(Self.sea, to: "texts.jsonl")
        let texts = job.folder.appending(path: "texts.jsonl")
        try FileManager.default.createSymbolicLink(
            at: job.folder.appending(path: "link.jsonl"), withDestinationURL: texts)
        try FileManager.default.linkItem(at: texts, to: job.folder.appending(path: "hard.jsonl"))
        let outcome = try await job.start(
            arguments(output, input: input), launcher: ["/bin/sh", "-c", "exec \"$@\" < texts.jsonl", "sh"]
        ).outcome()
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("\(output) is a file that this command reads"))
        #expect(try job.read("texts.jsonl") == Data(Self.sea.utf8))
        #expect(try job.files() == ["hard.jsonl", "link.jsonl", "texts.jsonl"])
    }

    @Test("an output that leads to a file of the model is refused")
    func modelIsOutput() async throws {
        try FileManager.default.copyItem(
            atPath: Fixtures.toyModel, toPath: job.folder.appending(path: "toy").path)
        let weights = try job.read("toy/model.safetensors")
        try FileManager.default.createSymbolicLink(
            atPath: job.folder.appending(path: "v.npy").path, withDestinationPath: "toy/model.safetensors")
        try job.write(Self.sea, to: "texts.jsonl")
        let outcome = try await job.run(
            ["encode", "--model", "./toy", "--input", "texts.jsonl", "--output", "v.npy"])
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("v.npy is a file that this command reads"))
        #expect(try job.read("toy/model.safetensors") == weights)
    }

    @Test("refuses to append to what it reads, which would have no end", arguments: ["encode", "tokenize"])
    func inputIsStandardOutput(command: String) async throws {
        try job.write(Self.sea, to: "texts.jsonl")
        let output = command == "encode" ? ["--output", "-"] : []
        let outcome = try await job.start(
            [command, "--model", Fixtures.toyModel, "--input", "texts.jsonl"] + output,
            launcher: ["/bin/sh", "-c", "exec \"$@\" >> texts.jsonl", "sh"]
        ).outcome(within: .seconds(30))
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("standard output is a file that this command reads"))
        #expect(try job.read("texts.jsonl") == Data(Self.sea.utf8))
    }

    // MARK: - What is no file

    @Test("writes JSON lines to a named pipe, which stays one")
    func namedPipe() async throws {
        let pipe = try job.makePipe("vectors.jsonl")
        let outcome = try await job.run(arguments("vectors.jsonl"), input: Data(Self.sea.utf8))
        #expect(outcome.exitStatus == 0)
        let path = job.folder.appending(path: "vectors.jsonl").path
        let type = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        // A file in its place would leave the reader of the pipe waiting.
        try #require(type == .typeUnknown)
        #expect(pipe.availableData.starts(with: Data("{\"id\":1,\"embedding\":[".utf8)))
        #expect(try job.files() == ["vectors.jsonl"])
    }

    @Test("refuses to write .npy, whose beginning is written last, to a pipe")
    func matrixToPipe() async throws {
        let pipe = try job.makePipe("vectors.npy")
        let outcome = try await job.run(arguments("vectors.npy"), input: Data(Self.sea.utf8))
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("vectors.npy cannot be written: the number of rows"))
        try pipe.close()
    }

    @Test("says so when a device takes nothing")
    func fullDevice() async throws {
        try FileManager.default.createSymbolicLink(
            atPath: job.folder.appending(path: "vectors.jsonl").path, withDestinationPath: "/dev/full")
        let outcome = try await job.run(arguments("vectors.jsonl"), input: Data(Self.sea.utf8))
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("vectors.jsonl cannot be written: No space left on device"))
    }

    // MARK: - Rights and room

    @Test("keeps mode and owner of the file that it replaces")
    func modeAndOwner() async throws {
        try job.write("earlier", to: "vectors.npy")
        let path = job.folder.appending(path: "vectors.npy").path
        try #require(unsafe chmod(path, 0o640) == 0)
        let isRoot = geteuid() == 0
        if isRoot { try #require(unsafe chown(path, 65534, 65533) == 0) }
        let outcome = try await job.start(
            arguments("vectors.npy"), input: Data(Self.sea.utf8),
            launcher: ["/bin/sh", "-c", "umask 000; exec \"$@\"", "sh"]
        ).outcome()
        #expect(outcome.exitStatus == 0)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
        if isRoot {
            #expect(attributes[.ownerAccountID] as? Int == 65534 && attributes[.groupOwnerAccountID] as? Int == 65533)
        }
    }

    /// Runs as a user who owns nothing, in a folder where everybody may write.
    private func encodeAsNobody() async throws -> BuiltExecutable.Outcome {
        try #require(unsafe chmod(job.folder.path, 0o777) == 0)
        let launcher = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        return try await job.start(arguments("vectors.npy"), input: Data(Self.sea.utf8), launcher: launcher).outcome()
    }

    @Test("says so where the owner cannot be kept, and gives nobody else the rights of the group", .requiresRoot)
    func otherOwner() async throws {
        try job.write("earlier", to: "vectors.npy")
        let path = job.folder.appending(path: "vectors.npy").path
        try #require(unsafe chmod(path, 0o666) == 0)
        let outcome = try await encodeAsNobody()
        #expect(outcome.exitStatus == 0)
        #expect(outcome.standardError.contains("the earlier file belonged to somebody else"))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.ownerAccountID] as? Int == 65534)
        #expect(attributes[.posixPermissions] as? Int == 0o606)
    }

    @Test("leaves a file alone that is protected against writing", .requiresRoot)
    func writeProtected() async throws {
        try job.write("earlier", to: "vectors.npy")
        try #require(unsafe chmod(job.folder.appending(path: "vectors.npy").path, 0o444) == 0)
        let outcome = try await encodeAsNobody()
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("vectors.npy cannot be written: Permission denied"))
        #expect(try job.read("vectors.npy") == Data("earlier".utf8))
        #expect(try job.files() == ["vectors.npy"])
    }

    @Test("gives a new file no more rights than others usually have", arguments: [("000", 0o644), ("077", 0o600)])
    func newMode(umask: String, mode: Int) async throws {
        let outcome = try await job.start(
            arguments("vectors.npy"), input: Data(Self.sea.utf8),
            launcher: ["/bin/sh", "-c", "umask \(umask); exec \"$@\"", "sh"]
        ).outcome()
        #expect(outcome.exitStatus == 0)
        let path = job.folder.appending(path: "vectors.npy").path
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == mode)
    }

    @Test("uses no more room than the file takes", .requiresMounting)
    func exactRoom() async throws {
        try await withSmallDisk(megabytes: 1) { disk in
            // 7,000 vectors of 128 bytes.
            let outcome = try await job.run(
                arguments(disk.folder.appending(path: "vectors.npy").path),
                input: Data(String(repeating: Self.sea, count: 7000).utf8))
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        }
    }

    @Test("leaves nothing on a disk that is full, and the earlier file as it was", .requiresMounting)
    func fullDisk() async throws {
        try await withSmallDisk(megabytes: 1) { disk in
            let output = disk.folder.appending(path: "vectors.npy")
            try Data("earlier".utf8).write(to: output)
            let outcome = try await job.run(
                arguments(output.path), input: Data(String(repeating: Self.sea, count: 9000).utf8))
            #expect(outcome.exitStatus == 65)
            #expect(outcome.standardError.contains("vectors.npy cannot be written: No space left on device"))
            #expect(try Data(contentsOf: output) == Data("earlier".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: disk.folder.path) == ["vectors.npy"])
        }
    }

    @Test("ends with a message, not by a signal, at the limit of the size of a file")
    func fileSizeLimit() async throws {
        let outcome = try await job.start(
            arguments("vectors.npy"), input: Data(String(repeating: Self.sea, count: 9000).utf8),
            launcher: ["/bin/sh", "-c", "ulimit -f 100; exec \"$@\"", "sh"]
        ).outcome()
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("vectors.npy cannot be written: File too large"))
        #expect(try job.files().isEmpty)
    }

    @Test("keeps the complete file when it cannot get its name, and says where it is")
    func notRenamed() async throws {
        let (run, writer) = try await startWaiting("vectors.npy")
        try FileManager.default.createDirectory(
            at: job.folder.appending(path: "vectors.npy"), withIntermediateDirectories: false)
        try writer.write(contentsOf: Data(Self.sea.utf8))
        try writer.close()
        let outcome = try await run.outcome()
        #expect(outcome.exitStatus == 65)
        let left = try #require(try job.files().first { $0.hasSuffix(".partial") })
        #expect(outcome.standardError.contains("the complete file is \(left)"))
        #expect(try NumPyArray(job.read(left)).rows == 1)
    }
}

extension Trait where Self == ConditionTrait {
    fileprivate static var requiresRoot: Self { .enabled(if: geteuid() == 0, "only root can become another user") }
}
