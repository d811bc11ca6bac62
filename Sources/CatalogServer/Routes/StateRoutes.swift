import DatasetTable
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// `/healthz`, `/readyz`, `/metrics` and `/openapi.json`.
struct StateRoutes {
    /// Whether the server is about to stop: then nobody should be sent here any more.
    final class Stopping: Sendable {
        private let flag = Mutex(false)

        var isSet: Bool { flag.withLock { $0 } }
        func set() { flag.withLock { $0 = true } }
    }

    let search: CatalogSearch
    let stopping: Stopping

    func add(to router: Router<CatalogRequestContext>) {
        router.get("healthz") { _, _ in JSONAnswer.text(JSONLine.object([("status", JSONLine.text("ok"))])) }
        router.get("readyz") { _, context in await ready(context) }
        router.get("openapi.json") { _, _ in
            JSONAnswer.text(String(decoding: PackageResources.openapi_json, as: UTF8.self))
        }
    }

    private func ready(_ context: CatalogRequestContext) async -> Response {
        let failure: RunFailure?
        do {
            try await search.check()
            failure = nil
        } catch let problem as Problem {
            // All searches are taken: it works.
            failure = problem.status == .serviceUnavailable ? nil : RunFailure(.internal, problem.detail)
        } catch {
            failure = RunFailure(error)
            context.logger.warning("not ready: \(RunFailure(error).description)")
        }
        let isReady = failure == nil && !stopping.isSet
        func check(_ reasons: ExitReason...) -> String {
            JSONLine.text(failure.map { reasons.contains($0.reason) } == true ? "failed" : "ok")
        }
        let body = JSONLine.object([
            ("status", JSONLine.text(isReady ? "ready" : "not ready")),
            (
                "checks",
                JSONLine.object([
                    ("database", check(.database, .internal)), ("pgvector", check(.configuration)),
                    ("model", check(.mixedModel)),
                ])
            ),
        ])
        return JSONAnswer.text(body, status: isReady ? .ok : .serviceUnavailable)
    }

    /// What `/metrics` answers.
    static func metrics(_ metrics: TextMetrics) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text)))
    }
}
