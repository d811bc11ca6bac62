import DatasetSearch
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Mustache
import NIOCore

/// `GET /`: the search page, which the server writes whole, and the style that goes with it.
struct PageRoutes {
    private static let examples = [
        "sea ice extent since 1979", "greenhouse gas in the air", "street maps with speed limits",
    ]
    private let search: CatalogSearch
    private let template: MustacheTemplate

    init(_ search: CatalogSearch) throws {
        self.search = search
        template = try MustacheTemplate(string: String(decoding: PackageResources.page_mustache, as: UTF8.self))
    }

    func add(to group: RouterGroup<CatalogRequestContext>) {
        group.get("") { request, context in try await page(request, context) }
    }

    static func addStyle(to router: Router<CatalogRequestContext>) {
        router.get("search.css") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/css; charset=utf-8", .cacheControl: "public, max-age=3600"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.search_css)))
        }
    }

    private func page(_ request: Request, _ context: CatalogRequestContext) async throws -> Response {
        var page = Page(model: search.model)
        var status = HTTPResponse.Status.ok
        do {
            let query = try QueryString(request, known: ["q", "cursor", "source", "since", "explain"])
            page.question = query.text("q") ?? ""
            page.source = query.text("source") ?? ""
            page.since = query.text("since") ?? ""
            page.explain = try query.flag("explain")
            if query.text("q") == nil {
                page.first = Page.First(
                    examples: Self.examples.map { Page.Example(words: $0, href: Page.address([("q", $0)])) })
            } else {
                let ask = try CatalogSearch.Ask(query, defaultLimit: 10)
                page.answer = Page.Answer(try await search.answer(ask), ask, page)
            }
        } catch let problem as Problem {
            (page.problem, status) = (Page.Sentence(problem.detail), problem.status)
        }
        return Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: template.render(page))))
    }
}

/// What `page.mustache` shows; the names are those of its comment.
private struct Page {
    struct Example {
        let words, href: String
    }

    struct First {
        let examples: [Example]
    }

    /// A problem as people write a sentence.
    struct Sentence {
        let sentence: String

        init(_ detail: String) { sentence = detail.prefix(1).uppercased() + detail.dropFirst() + "." }
    }

    struct Parts {
        let semantic: String
        let keyword: String?
        let liked, ageFactor: String
        let facts: [String]

        init(_ parts: SearchHit.Parts) {
            semantic = Page.decimals(parts.semantic)
            keyword = parts.keyword.map(Page.decimals)
            liked = Page.decimals(parts.static)
            ageFactor = Page.decimals(parts.ageFactor)
            facts = [
                "similarity \(Page.decimals(parts.similarity))",
                parts.coverage.map { "\(Int(($0 * 100).rounded())) % of the words" },
                parts.semanticRank.map { "number \($0) by meaning" }, parts.keywordRank.map { "number \($0) by words" },
                parts.ageDays.map { "\(Int(max(0, $0))) days old" },
            ].compactMap(\.self)
        }
    }

    struct Item {
        let title: String
        let link, host, origin, date, about: String?
        let score: String
        let parts: Parts?

        init(_ item: CatalogSearch.Answer.Item, explains: Bool) {
            title = item.hit.title ?? "without a title"
            link = item.link
            host = item.link.flatMap { URI($0).host }
            origin = item.hit.source
            date = item.record?.created.map { String($0.prefix(10)) }
            about = item.record?.description.map { Page.excerpt($0) }
            score = Page.decimals(item.hit.score)
            parts = explains ? Parts(item.hit.parts) : nil
        }
    }

    struct Answer {
        let summary, note: String?
        let start: Int
        let items: [Item]
        let more, restart: String?

        init(_ answer: CatalogSearch.Answer, _ ask: CatalogSearch.Ask, _ page: Page) {
            items = answer.items.map { Item($0, explains: page.explain) }
            start = ask.offset + 1
            let rows = items.count == 1 ? "1 dataset" : "\(items.count) datasets"
            summary = items.isEmpty ? nil : "\(rows) in \(Int(answer.milliseconds.rounded())) ms"
            note = answer.hasWords ? nil : "no word of the question counts, so meaning alone does"
            func address(_ cursor: String?) -> String {
                Page.address([
                    ("q", page.question), ("source", page.source), ("since", page.since),
                    ("explain", page.explain ? "true" : ""), ("cursor", cursor ?? ""),
                ])
            }
            more = answer.nextCursor.map { address($0) }
            restart = ask.offset > 0 ? address(nil) : nil
        }
    }

    let model: String
    var (question, source, since) = ("", "", "")
    var explain = false
    var first: First?
    var problem: Sentence?
    var answer: Answer?

    init(model: String) { self.model = model }

    static func decimals(_ value: Double) -> String {
        let hundredths = Int((min(max(value, 0), 1) * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    /// One paragraph of the beginning, cut between words where it can be.
    static func excerpt(_ text: String, atMost limit: Int = 300) -> String {
        let text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard text.count > limit else { return text }
        let cut = text.prefix(limit)
        let end = cut.lastIndex(where: \.isWhitespace).map { cut[..<$0] } ?? cut
        return end + " …"
    }

    /// The page with these parameters, those left out that are empty.
    static func address(_ parameters: [(String, String)]) -> String {
        let pairs = parameters.filter { !$0.1.isEmpty }.map { name, value in "\(name)=\(escaped(value))" }
        return pairs.isEmpty ? "/" : "/?" + pairs.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = UnicodeScalar(byte)
            let isPlain =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "-._~".unicodeScalars.contains(scalar))
            return isPlain ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
