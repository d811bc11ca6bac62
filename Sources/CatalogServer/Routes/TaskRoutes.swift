import CommandSupport
import DatasetTable
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Postgres
import TaskBoard

/// `/api/tasks`: what the original's trigger and Celery's inspection were.
struct TaskRoutes {
    let names: DatasetNames
    let connection: DatabaseConnection

    func add(to group: RouterGroup<CatalogRequestContext>) {
        group.post("generate-embeddings") { request, _ in try await queue(request) }
        group.get("") { request, _ in try await list(request) }
        group.get("active") { request, _ in try await list(request, only: .running) }
        group.get("scheduled") { request, _ in try await list(request, only: .queued) }
        group.get("registered") { _, _ in
            JSONAnswer.text(JSONLine.object([("tasks", "[" + JSONLine.text(EmbeddingTask.name) + "]")]))
        }
        group.get(":id") { _, context in try await show(context) }
        group.delete(":id") { _, context in try await cancel(context) }
    }

    /// A connection for each request: tasks are asked about now and then, not a hundred times a second.
    private func withBoard<Result: Sendable>(
        _ access: TaskBoard.Access, _ body: (TaskBoard) async throws -> Result
    ) async throws -> Result {
        try await connection.withSession(.readWrite) { session in
            try await body(try await TaskBoard(of: names, for: access, session: session))
        }
    }

    // MARK: - Queueing

    private func queue(_ request: Request) async throws -> Response {
        let arguments = try await Self.arguments(of: request)
        let (task, isDeduplicated) = try await withBoard(.queue) { try await $0.enqueue(arguments) }
        let answer = JSONLine.object([
            ("task_name", JSONLine.text(task.name)), ("status", JSONLine.text(task.state.rawValue)),
            ("message", JSONLine.text("Task queued with ID: \(task.id.text)")),
            ("task_id", JSONLine.text(task.id.text)), ("deduplicated", isDeduplicated ? "true" : "false"),
        ])
        return JSONAnswer.text(answer, status: .accepted, headers: [.location: "/api/tasks/\(task.id.text)"])
    }

    /// Reads the body by its letter: what is not known would be ignored otherwise.
    private static func arguments(of request: Request) async throws -> TaskArguments {
        guard let body = try await RequestBody.json(of: request) else { return try TaskArguments() }
        let fields: [String: Int?]
        do {
            fields = try JSONDecoder().decode([String: Int?].self, from: Data(body.readableBytesView))
        } catch {
            throw Problem(.badRequest, "the body is an object of JSON with the numbers batch_size and limit, or empty")
        }
        guard Set(fields.keys).isSubset(of: ["batch_size", "limit"]) else {
            throw Problem(.badRequest, "the body has keys besides batch_size and limit")
        }
        do {
            return try TaskArguments(batchSize: (fields["batch_size"] ?? nil) ?? 100, limit: fields["limit"] ?? nil)
        } catch {
            throw Problem(.badRequest, error.description)
        }
    }

    // MARK: - Looking

    private func list(_ request: Request, only state: TaskState? = nil) async throws -> Response {
        let query = try QueryString(request, known: state == nil ? ["state", "limit", "cursor"] : ["limit", "cursor"])
        var state = state
        if let name = query.text("state") {
            guard let known = TaskState(rawValue: name) else {
                let names = TaskState.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem(.badRequest, "state is one of \(names)")
            }
            state = known
        }
        let limit = try query.number("limit", in: 1...100, otherwise: 20)
        let cursor = try query.number("cursor", in: 0...Int(Int32.max), otherwise: 0)
        let wanted = state
        let (tasks, next) = try await withBoard(.read) {
            try await $0.list(wanted, limit: limit, after: cursor == 0 ? nil : Int32(cursor))
        }
        return JSONAnswer.text(
            JSONLine.object([
                ("tasks", "[" + tasks.map(\.json).joined(separator: ",") + "]"),
                ("next_cursor", JSONLine.text(next.map(String.init))),
            ]))
    }

    private static func id(_ context: CatalogRequestContext) throws -> UUID {
        guard let id = UUID(uuidString: try context.parameters.require("id")) else { throw unknown }
        return id
    }

    private static let unknown = Problem(.notFound, "no task has this id")

    private func show(_ context: CatalogRequestContext) async throws -> Response {
        let id = try Self.id(context)
        guard let task = try await withBoard(.read, { try await $0.find(id) }) else { throw Self.unknown }
        return JSONAnswer.text(task.json)
    }

    // MARK: - Cancelling

    private func cancel(_ context: CatalogRequestContext) async throws -> Response {
        let id = try Self.id(context)
        switch try await withBoard(.queue, { try await $0.cancel(id) }) {
        case .cancelled(let task), .requested(let task): return JSONAnswer.text(task.json, status: .accepted)
        case .ended(let task):
            throw Problem(.conflict, "the task has ended already: it is \(task.state.rawValue)")
        case nil: throw Self.unknown
        }
    }
}
