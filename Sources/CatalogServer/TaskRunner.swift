import CommandSupport
import DatasetTable
import FoundationEssentials
import Glibc
import Logging
import Postgres
import ServiceLifecycle
import Subprocess
import SystemPackage
import TaskBoard

/// Runs tasks, one at a time, each as a process of `embedding-job`: neither the work of a drain nor its end touches the server.
struct TaskRunner: Service {
    /// How often the board is looked at.
    private static let interval = Duration.seconds(5)

    let names: DatasetNames
    let connection: DatabaseConnection
    /// What the server was told by flags; the rest the process finds for itself, as the server did.
    let environment: [String: String]
    let log: Logger
    private let executable: String

    /// Finds `embedding-job` beside this executable, or throws a `RunFailure`.
    init(
        names: DatasetNames, connection: DatabaseConnection, environment: [String: String], log: Logger
    ) throws {
        (self.names, self.connection, self.environment, self.log) = (names, connection, environment, log)
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        executable =
            own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/embedding-job"
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw RunFailure(
                .configuration,
                "there is no embedding-job beside catalog-server, so --run-tasks cannot be; install it there")
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    if let task = try await due() { try await run(task) }
                } catch is CancellationError {
                    return
                } catch {
                    log.warning(
                        "the board cannot be looked at; it will be again", metadata: ["reason": "\(RunFailure(error))"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// The next task that may begin, after those whose runner has gone were given back.
    private func due() async throws -> EmbeddingTask? {
        try await connection.withSession(.readWrite) { session in
            let board = try await TaskBoard(of: names, for: .run, session: session)
            for task in try await board.recoverLost() {
                log.notice(
                    "a task had lost its runner",
                    metadata: ["task": "\(task.id.text)", "state": "\(task.state.rawValue)"])
            }
            return try await board.nextDue()
        }
    }

    private static func keys(_ environment: [String: String]) -> [Environment.Key: String?] {
        Dictionary(
            uniqueKeysWithValues: environment.compactMap { name, value in
                Environment.Key(rawValue: name).map { ($0, value) }
            })
    }

    /// Starts the process and waits for its end; when the server is told to stop, so is the process, which then hands its task
    /// back.
    private func run(_ task: EmbeddingTask) async throws {
        log.info("a task begins", metadata: ["task": "\(task.id.text)"])
        var options = PlatformOptions()
        options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: .seconds(15))]
        let result = try await Subprocess.run(
            .path(.init(executable)), arguments: ["run", "--task", task.id.text],
            environment: .inherit.updating(Self.keys(environment)), platformOptions: options,
            input: .none, output: .discarded, error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false))
        log.info("a task has ended", metadata: ["task": "\(task.id.text)", "status": "\(result.terminationStatus)"])
    }
}
