import DatasetSearch
import DatasetTable
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import SearchOptions

/// `GET /api/search` and `GET /api/datasets/{id}`.
struct SearchRoutes {
    let search: CatalogSearch

    func add(to group: RouterGroup<CatalogRequestContext>) {
        group.get("search") { request, _ in try await find(request) }
        group.get("datasets/:id") { _, context in try await show(try context.parameters.require("id")) }
    }

    private func find(_ request: Request) async throws -> Response {
        let query = try QueryString(
            request, known: ["q", "limit", "cursor", "source", "since", "explain"], repeatable: ["source"])
        let ask = try CatalogSearch.Ask(query, defaultLimit: 10)
        let explains = try query.flag("explain")
        let answer = try await search.answer(ask)
        return JSONAnswer.text(answer.json(model: search.model, explains: explains))
    }

    private func show(_ id: String) async throws -> Response {
        guard id.utf8.count <= 1000, !id.utf8.contains(0), let record = try await search.record(id) else {
            throw Problem(.notFound, "no dataset has this id")
        }
        return JSONAnswer.text(record.json)
    }
}

extension CatalogSearch.Ask {
    /// The most characters of a question.
    static let longestQuestion = 200

    /// Reads the parameters of an address, or says what is wrong with them.
    init(_ query: QueryString, defaultLimit: Int) throws(Problem) {
        guard let text = query.text("q") else { throw Problem(.badRequest, "q is missing; say what is looked for") }
        guard text.count <= Self.longestQuestion else {
            throw Problem(.badRequest, "q has more than \(Self.longestQuestion) characters; shorten it")
        }
        self.init(text: text)
        limit = try query.number("limit", in: 1...50, otherwise: defaultLimit)
        sources = query.texts("source")
        guard sources.count <= 20 else { throw Problem(.badRequest, "more than 20 sources are given") }
        since = query.text("since")
        if let since, DateArgument(argument: since) == nil {
            throw Problem(.badRequest, "since is no date; write one as 2026-01-31 or 2026-01-31T12:00:00Z")
        }
        if let cursor = query.text("cursor") {
            guard let offset = CatalogSearch.offset(cursor, self) else {
                throw Problem(.badRequest, "cursor belongs to another search; take next_cursor of the answer before")
            }
            self.offset = offset
        }
    }
}

extension CatalogSearch.Answer {
    /// The answer as JSON.
    func json(model: String, explains: Bool) -> String {
        JSONLine.object([
            ("items", "[" + items.map { $0.json(explains: explains) }.joined(separator: ",") + "]"),
            ("next_cursor", JSONLine.text(nextCursor)), ("complete", nextCursor == nil ? "true" : "false"),
            ("keyword", hasWords ? "true" : "false"), ("model", JSONLine.text(model)),
            ("execution_time_ms", JSONLine.number((milliseconds * 10).rounded() / 10)),
        ])
    }
}

extension CatalogSearch.Answer.Item {
    /// The address of the row, if it is one of the web: nothing else becomes a link.
    var link: String? { record?.link }

    fileprivate func json(explains: Bool) -> String {
        let id = hit.isNumbered ? hit.id : JSONLine.text(hit.id)
        var fields = [
            ("id", id), ("source_name", JSONLine.text(hit.source)),
            ("external_id", JSONLine.text(record?.reference)), ("title", JSONLine.text(hit.title)),
            ("description", JSONLine.text(record?.description)), ("url", JSONLine.text(link)),
            ("score", SearchHit.number(hit.score)), ("created_at", JSONLine.text(record?.created)),
            ("parts", hit.parts.json),
        ]
        if explains { fields.append(("explain", hit.parts.explanation)) }
        return JSONLine.object(fields)
    }
}

extension DatasetRecord {
    /// The address, if it is one of the web.
    fileprivate var link: String? {
        guard let url, url.hasPrefix("https://") || url.hasPrefix("http://") else { return nil }
        return url
    }

    fileprivate var json: String {
        JSONLine.object([
            ("id", isNumbered ? id : JSONLine.text(id)), ("source_name", JSONLine.text(source)),
            ("external_id", JSONLine.text(reference)), ("title", JSONLine.text(title)),
            ("description", JSONLine.text(description)),
            ("url", JSONLine.text(link)),
            ("created_at", JSONLine.text(created)), ("updated_at", JSONLine.text(updated)),
            ("enrichment_status", JSONLine.text(status)), ("is_active", isActive.map { "\($0)" } ?? "null"),
            ("is_ready_for_search", "\(isReady)"),
        ])
    }
}
