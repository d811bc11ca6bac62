import ComputeTestSupport
import DatasetTable
import Foundation
import Glibc
import JobTestSupport
import Testing

/// Where settings come from, seen through `schema`, which prints names without a database.
@Suite("A setting of embedding-job")
struct ConfigurationTests {
    private let job: BuiltExecutable

    init() throws {
        job = try BuiltExecutable()
    }

    /// The table that `schema` would create.
    private func table(
        _ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) async throws -> String {
        if let file { try job.write(file, to: ".env") }
        let outcome = try await job.run(["schema", "--dimension", "3"] + arguments, environment: environment)
        try #require(outcome.exitStatus == 0, "\(outcome.standardError)")
        return String(try #require(outcome.output.firstMatch(of: /CREATE TABLE IF NOT EXISTS (.*) \(\n/)).output.1)
    }

    @Test(
        "comes from the flag, else from the environment, else from .env, else from the default",
        arguments: [
            ("by_flag", "by_environment", "by_file", "by_flag"), (nil, "by_environment", "by_file", "by_environment"),
            (nil, nil, "by_file", "by_file"), (nil, nil, nil, "datasets"), ("by_flag", nil, "by_file", "by_flag"),
            (nil, "", "by_file", "by_file"), (nil, "", nil, "datasets"), (nil, nil, "", "datasets"),
        ] as [(String?, String?, String?, String)])
    func precedence(flag: String?, variable: String?, file: String?, expected: String) async throws {
        let table = try await table(
            flag.map { ["--table", $0] } ?? [], environment: variable.map { ["EMBEDDING_TABLE": $0] } ?? [:],
            file: file.map { "EMBEDDING_TABLE=\($0)\n" })
        #expect(table == expected)
    }

    @Test(
        "is read from .env with or without quotes, blanks and a final line feed",
        arguments: [
            ("EMBEDDING_TABLE=my_table", "my_table"), ("EMBEDDING_TABLE=\"my_table\"\n", "my_table"),
            ("EMBEDDING_TABLE='my_table'\r\n", "my_table"), ("  EMBEDDING_TABLE = my_table  \n", "my_table"),
            ("# EMBEDDING_TABLE=other\n\nEMBEDDING_TABLE=my_table\n", "my_table"),
            ("EMBEDDING_TABLE=\"We ird\"\n", "\"We ird\""), ("EMBEDDING_TABLE=\"\"\n", "datasets"),
            ("EMBEDDING_TABLE=a=b\n", "\"a=b\""), ("no setting\n=x\n", "datasets"), ("", "datasets"),
        ])
    func file(contents: String, expected: String) async throws {
        #expect(try await table(file: contents) == expected)
    }

    @Test("other than a flag has an effect, whichever name it sets")
    func everyName() async throws {
        let variables = [
            "EMBEDDING_TABLE", "EMBEDDING_ID_COLUMN", "EMBEDDING_TITLE_COLUMN", "EMBEDDING_DESCRIPTION_COLUMN",
            "EMBEDDING_STATUS_COLUMN", "EMBEDDING_STATUS_VALUE", "EMBEDDING_ACTIVE_COLUMN", "EMBEDDING_COLUMN",
        ]
        let environment = Dictionary(uniqueKeysWithValues: variables.map { ($0, "x_\($0.lowercased())") })
        let outcome = try await job.run(["schema", "--dimension", "3"], environment: environment)
        #expect(outcome.exitStatus == 0)
        for (variable, value) in environment {
            #expect(outcome.output.contains(try Regex("\\b\(value)\\b")), "\(variable)")
        }
    }

    @Test(
        "file .env that cannot be read is named, and ends nothing",
        arguments: [("mkdir .env", "Is a directory"), ("mkfifo .env", "Invalid argument")])
    func unreadableFile(command: String, reason: String) async throws {
        let shell = ["/bin/sh", "-ec", "\(command); exec \"$@\"", "sh"]
        let outcome = try await job.start(["schema", "--dimension", "3"], launcher: shell).outcome(within: .seconds(30))
        #expect(outcome.exitStatus == 0)
        #expect(outcome.output.contains("vector(3)"))
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.standardError.contains(".env cannot be read") && outcome.standardError.contains(reason))
    }

    @Test(
        "file .env that is out of sight, in a folder that may not be entered or that is gone, is none",
        arguments: [
            "chmod a= gone && exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"",
            "rmdir $PWD && exec \"$@\"",
        ])
    func hiddenFile(command: String) async throws {
        try #require(geteuid() == 0 || !command.contains("setpriv"), "needs root")
        let shell = ["/bin/sh", "-ec", "mkdir gone; cd gone; \(command.replacing("gone", with: "../gone"))", "sh"]
        let outcome = try await job.start(["schema", "--dimension", "3"], launcher: shell).outcome()
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        #expect(outcome.output.contains("vector(3)"))
        #expect(outcome.standardError.isEmpty)
    }

    // MARK: - Models

    /// The ids of a text, by which models are told apart.
    private func ids(_ arguments: [String], environment: [String: String] = [:]) async throws -> String {
        let input = Data("{\"text\":\"sea\"}".utf8)
        let outcome = try await job.run(
            ["tokenize", "--input", "-"] + arguments, environment: environment, input: input)
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        return outcome.output
    }

    @Test("names a model by its folder, or by a name in weights or in the folder of EMBEDDING_WEIGHTS")
    func models() async throws {
        let expected = "{\"ids\":[2,8,3],\"truncated\":false}\n"
        for place in ["weights", "elsewhere/models"] {
            let folder = job.folder.appending(path: place)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: URL(filePath: Fixtures.toyModel), to: folder.appending(path: "model-of-\(folder.lastPathComponent)")
            )
        }
        #expect(try await ids(["--model", "model-of-weights"]) == expected)
        #expect(try await ids(["--model", "weights/model-of-weights"]) == expected)
        #expect(try await ids(["--model", "./weights/model-of-weights/"]) == expected)
        #expect(try await ids(["--model", Fixtures.toyModel]) == expected)
        let environment = ["EMBEDDING_MODEL": "model-of-models", "EMBEDDING_WEIGHTS": "elsewhere/models"]
        #expect(try await ids([], environment: environment) == expected)
        try job.write("EMBEDDING_MODEL=model-of-models\nEMBEDDING_WEIGHTS='elsewhere/models'\n", to: ".env")
        #expect(try await ids([]) == expected)
    }

    @Test(
        "that names no model is refused with the path that was tried and what to do", arguments: ["absent", "./absent"])
    func unknownModel(name: String) async throws {
        let outcome = try await job.run(["run", "--model", name, "--database-url", "postgresql://h/d"])
        let path = name.hasPrefix(".") ? name : "weights/absent"
        try outcome.expectRefusal(
            78, "configuration", naming: ["model folder \(path) does not exist", "Scripts/fetch-weights"])
    }

    // MARK: - Bad values

    @Test(
        "of the environment that is no number of rows or workers is refused by its name, in one line",
        arguments: [
            "EMBEDDING_BATCH_SIZE", "EMBEDDING_LIMIT", "EMBEDDING_THREADS", "EMBEDDING_MAX_RUNTIME",
            "EMBEDDING_DB_RETRY_SECONDS",
        ],
        ["abc", "0", "-5", "99999999999999999999", "1.5"])
    func badNumber(variable: String, value: String) async throws {
        let arguments = ["run", "--model", Fixtures.toyModel, "--database-url", "postgresql://h/d"]
        let outcome = try await job.run(arguments, environment: [variable: value])
        try outcome.expectRefusal(78, "configuration", naming: [variable, "1 or more"])
        #expect(!outcome.standardError.contains(value) || value == "0", "values are not quoted: they may be secrets")
    }

    @Test(
        "beyond what the machine has a use for is refused, by flag and by variable",
        arguments: [
            ("encode", "--threads", "EMBEDDING_THREADS", "100000"), ("run", "--threads", "EMBEDDING_THREADS", "32768"),
            ("encode", "--batch-size", "EMBEDDING_BATCH_SIZE", "10001"),
            ("run", "--batch-size", "EMBEDDING_BATCH_SIZE", "2147483647"),
        ])
    func tooMuch(command: String, option: String, variable: String, value: String) async throws {
        let files = command == "encode" ? ["--input", "-", "--output", "-"] : ["--database-url", "postgresql://h/d"]
        let arguments = [command, "--model", Fixtures.toyModel] + files
        for (flag, environment) in [([option, value], [:]), ([], [variable: value])] {
            let outcome = try await job.run(arguments + flag, environment: environment)
            #expect(outcome.exitStatus == 78)
            #expect(outcome.errorLines.count == 1)
            #expect(outcome.standardError.contains("\(option) (\(variable)) is more than"))
        }
    }

    @Test("of --threads may be as large as the machine, and somewhat larger")
    func someThreads() async throws {
        let outcome = try await job.run(
            ["encode", "--model", Fixtures.toyModel, "--input", "-", "--output", "-", "--threads", "16"],
            input: Data("{\"text\":\"sea\"}".utf8))
        #expect(outcome.exitStatus == 0 && outcome.outputLines.count == 1)
    }

    @Test("of --dimension is no more than pgvector stores")
    func dimension() async throws {
        let outcome = try await job.run(["schema", "--dimension", "16001"])
        #expect(outcome.exitStatus == 78 && outcome.standardOutput.isEmpty)
        #expect(outcome.standardError.contains("16000 components at most"))
    }

    @Test(
        "that is nearly a command brings the command to mind",
        arguments: [
            (["encod"], "encode"), (["tokenise", "--input", "-"], "tokenize"), (["retry_failed"], "retry-failed"),
            (["backfill", "cutovr"], "backfill cutover"), (["RUN"], "run"), (["sttaus", "--json"], "status"),
            (["verfy"], "verify"), (["tok"], "tokenize"), (["retryfaild"], "retry-failed"),
        ])
    func nearestCommand(arguments: [String], command: String) async throws {
        let outcome = try await job.run(arguments)
        #expect(outcome.exitStatus == 64)
        #expect(outcome.errorLines.last == "Did you mean '\(command)'?")
    }

    @Test(
        "that is nothing like a command brings none to mind",
        arguments: [["frobnicate"], ["run", "--modell", "x"], ["backfill", "everything"], ["--limit", "encod"]])
    func noNearestCommand(arguments: [String]) async throws {
        let outcome = try await job.run(arguments)
        #expect(outcome.exitStatus == 64)
        #expect(!outcome.standardError.contains("Did you mean '\(arguments[0])"))
        #expect(outcome.errorLines.last?.hasPrefix("Did you mean") == false)
    }

    @Test(
        "of the environment that is neither true nor false is refused by its name",
        arguments: ["EMBEDDING_STALE", "EMBEDDING_FAIL_ON_ROW_ERRORS"])
    func badFlag(variable: String) async throws {
        let arguments = ["run", "--model", Fixtures.toyModel, "--database-url", "postgresql://h/d"]
        let outcome = try await job.run(arguments, environment: [variable: "maybe"])
        try outcome.expectRefusal(78, "configuration", naming: [variable, "true or false"])
    }

    @Test("that is no engine is refused with those that there are", arguments: ["mkl", "OpenBLAS"])
    func badEngine(value: String) async throws {
        let arguments = ["run", "--model", Fixtures.toyModel, "--database-url", "postgresql://h/d"]
        let outcome = try await job.run(arguments, environment: ["EMBEDDING_GEMM": value])
        try outcome.expectRefusal(
            78, "configuration", naming: ["EMBEDDING_GEMM", "packed, packed-baseline, openblas or auto"])
    }

    @Test(
        "of --gemm and EMBEDDING_GEMM chooses what multiplies matrices, the flag before the variable",
        arguments: [
            (["--gemm", "openblas"], "packed", "cpu (OpenBLAS "), (["--gemm", "packed"], "openblas", "cpu (packed "),
            ([], "openblas", "cpu (OpenBLAS "), ([], "packed", "cpu (packed "), ([], "auto", "cpu ("),
            ([], "", "cpu ("),
        ])
    func engine(flag: [String], variable: String, device: String) async throws {
        try job.write("{\"text\":\"sea\"}\n", to: "texts.jsonl")
        let outcome = try await job.run(
            ["encode", "--model", Fixtures.toyModel, "--input", "texts.jsonl", "--output", "vectors.npy"] + flag,
            environment: ["EMBEDDING_GEMM": variable])
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        let record = try JSONDecoder().decode([String: String].self, from: Data(outcome.standardError.utf8))
        #expect(try #require(record["device"]).hasPrefix(device))
    }

    @Test("of the precision that the engine does not have is refused, wherever each of them is set")
    func badPrecision() async throws {
        let arguments = [
            "run", "--model", Fixtures.toyModel, "--database-url", "postgresql://h/d", "--gemm", "openblas",
        ]
        for (flags, environment) in [(["--precision", "fast"], [:]), ([], ["EMBEDDING_PRECISION": "fast"])] {
            let outcome = try await job.run(arguments + flags, environment: environment)
            try outcome.expectRefusal(78, "configuration", naming: ["OpenBLAS", "--gemm", "--precision"])
        }
        let outcome = try await job.run(["run"], environment: ["EMBEDDING_PRECISION": "quick"])
        try outcome.expectRefusal(78, "configuration", naming: ["EMBEDDING_PRECISION", "exact or fast"])
    }

    @Test("that only means something with another is refused without it", arguments: ["--include-unknown", "--yes"])
    func contradiction(flag: String) async throws {
        let outcome = try await job.run(
            ["run", flag, "--model", Fixtures.toyModel, "--database-url", "postgresql://h/d"])
        try outcome.expectRefusal(78, "configuration", naming: [flag, "--stale"])
    }

    @Test("of .env that is no number is refused as well")
    func badNumberInFile() async throws {
        try job.write("EMBEDDING_BATCH_SIZE=many\n", to: ".env")
        let outcome = try await job.run(["run", "--model", Fixtures.toyModel, "--database-url", "postgresql://h/d"])
        try outcome.expectRefusal(78, "configuration", naming: ["EMBEDDING_BATCH_SIZE"])
    }

    @Test("that is missing or bad is reported together with all others")
    func allProblemsAtOnce() async throws {
        let outcome = try await job.run(
            [],
            environment: [
                "EMBEDDING_BATCH_SIZE": "0", "EMBEDDING_MAX_RUNTIME": "x", "EMBEDDING_THREADS": "-1",
                "EMBEDDING_GEMM": "x",
            ])
        try outcome.expectRefusal(
            78, "configuration",
            naming: [
                "--database-url", "DATABASE_URL", "--model", "EMBEDDING_MODEL", "EMBEDDING_BATCH_SIZE",
                "EMBEDDING_MAX_RUNTIME", "EMBEDDING_THREADS", "EMBEDDING_GEMM",
            ])
    }

    @Test(
        "of the command line that is wrong is a usage error, which a run reports as JSON too",
        arguments: [
            (["run", "--batch-size", "0"], "--batch-size"), (["--limit", "none"], "--limit"),
            (["run", "--threads=-1"], "--threads"), (["run", "--gemm", "mkl"], "--gemm"),
            (["run", "--frobnicate"], "--frobnicate"), (["--frobnicate"], "--frobnicate"),
            (["run", "--table"], "--table"), (["run", "datasets"], "datasets"),
        ])
    func usage(arguments: [String], mention: String) async throws {
        let outcome = try await job.run(arguments)
        #expect(outcome.exitStatus == 64)
        let report = try RunReportLine(outcome)
        #expect(report.exitReason == "usage")
        #expect(report.processed == 0 && report.failed == 0)
        #expect(outcome.standardError.hasPrefix("Error: "))
        #expect(outcome.standardError.contains(mention))
        #expect(outcome.standardError.contains("Usage: embedding-job run"))
    }

    @Test(
        "of another command that is wrong leaves standard output empty",
        arguments: [
            ["encode", "--batch-size", "0"], ["tokenize", "--output", "x"], ["status", "--apply"], ["frobnicate"],
        ])
    func usageOfOtherCommands(arguments: [String]) async throws {
        let outcome = try await job.run(arguments)
        #expect(outcome.exitStatus == 64)
        #expect(outcome.standardOutput.isEmpty)
        #expect(outcome.standardError.hasPrefix("Error: "))
    }

    @Test(
        "that is a connection string in the wrong place is not repeated with its password",
        arguments: [
            ["run", "postgresql://user:\(BuiltExecutable.Outcome.password)@host/db"],
            ["status", "host=h password=\(BuiltExecutable.Outcome.password)"],
            ["run", "--batch-size", "postgresql://user:\(BuiltExecutable.Outcome.password)@host/db"],
            ["schema", "--database=postgresql://user:\(BuiltExecutable.Outcome.password)@host/db"],
        ])
    func secretInTheWrongPlace(arguments: [String]) async throws {
        let outcome = try await job.run(arguments)
        #expect(outcome.exitStatus == 64)
        #expect(outcome.standardError.hasPrefix("Error: "))
        outcome.expectNoSecretAndNoTrace()
    }

    @Test(
        "that a command for files needs is asked for by flag and variable",
        arguments: [
            ("encode", ["--input", "EMBEDDING_INPUT"]), ("tokenize", ["--input", "EMBEDDING_INPUT"]),
            ("status", ["--database-url", "DATABASE_URL"]), ("schema", ["--model", "EMBEDDING_MODEL"]),
        ])
    func required(command: String, mentions: [String]) async throws {
        let outcome = try await job.run([command])
        #expect(outcome.exitStatus == 78)
        #expect(outcome.standardOutput.isEmpty)
        #expect(outcome.errorLines.count == 1)
        for mention in mentions { #expect(outcome.standardError.contains(mention)) }
    }
}
