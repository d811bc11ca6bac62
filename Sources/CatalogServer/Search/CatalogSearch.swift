import Checksum
import DatasetSearch
import DatasetTable
import FoundationEssentials
import HTTPTypes
import Logging
import Metrics
import Postgres
import SentenceEncoding

/// Answers questions: one encoder, and sessions that search.
struct CatalogSearch: Sendable {
    /// What a request asks for.
    struct Ask: Sendable {
        var text: String
        var limit = 10
        var offset = 0
        var sources: [String] = []
        var since: String?
    }

    /// What was found.
    struct Answer: Sendable {
        struct Item: Sendable {
            let hit: SearchHit
            let record: DatasetRecord?
        }

        let items: [Item]
        let nextCursor: String?
        let hasWords: Bool
        let milliseconds: Double
    }

    /// The most rows that pages can lead to.
    static let mostRows = 400

    let model: String
    private let encoder: any TextEncoder
    private let lanes: SearchLanes
    private let settings: SearchSettings
    private let timer = Timer(label: "search")

    init(model: String, encoder: any TextEncoder, lanes: SearchLanes, settings: SearchSettings) {
        (self.model, self.encoder, self.lanes, self.settings) = (model, encoder, lanes, settings)
    }

    /// Searches, and adds what a catalog shows of each row.
    func answer(_ ask: Ask) async throws -> Answer {
        let question: Question
        do {
            question = try Question(ask.text)
        } catch {
            throw Problem(.badRequest, error.description)
        }
        let start = ContinuousClock.now
        var settings = settings
        (settings.sources, settings.since) = (ask.sources, ask.since)
        // One more tells whether there is another page.
        settings.limit = min(Self.mostRows, ask.offset + ask.limit + 1)
        let finished = settings
        let (hits, records) = try await lanes.run { lane in
            let tokens = encoder.tokenizeQuery(question.words)
            guard let vector = try await encoder.encode([tokens]).first else { throw Problem.internalError }
            do {
                let hits = try await lane.datasets.search(question, vector: vector, finished)
                let page = Array(hits.dropFirst(ask.offset).prefix(ask.limit))
                return (hits, try await lane.datasets.records(page.map(\.id), descriptionLimit: 500))
            } catch let failure as RunFailure where failure.reason == .usage {
                throw Problem(.badRequest, failure.description)
            }
        }
        let page = hits.dropFirst(ask.offset).prefix(ask.limit)
        let duration = ContinuousClock.now - start
        timer.recordNanoseconds(Int64(duration / .nanoseconds(1)))
        let next = ask.offset + page.count
        return Answer(
            items: page.map { Answer.Item(hit: $0, record: records[$0.id]) },
            nextCursor: hits.count > next && next < Self.mostRows ? Self.cursor(ask, offset: next) : nil,
            hasWords: hits.isEmpty || hits.contains { $0.parts.keyword != nil },
            milliseconds: duration / .milliseconds(1))
    }

    /// One row, if there is one with the key.
    func record(_ id: String) async throws -> DatasetRecord? {
        try await lanes.run { lane in try await lane.datasets.records([id], descriptionLimit: nil)[id] }
    }

    /// Throws what keeps a search from being answered.
    func check() async throws {
        try await lanes.run { lane in try await lane.datasets.check() }
    }

    // MARK: - Cursors

    /// Where the next page begins, with a mark of the question that it belongs to.
    static func cursor(_ ask: Ask, offset: Int) -> String { "\(offset)-\(mark(ask))" }

    /// Where a page begins; nil for a cursor of another question.
    static func offset(_ cursor: String, _ ask: Ask) -> Int? {
        let parts = cursor.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let offset = Int(parts[0]), (1..<mostRows).contains(offset), parts[1] == mark(ask)
        else {
            return nil
        }
        return offset
    }

    private static func mark(_ ask: Ask) -> String {
        let text = ([ask.text, ask.since ?? ""] + ask.sources).map { "\($0.utf8.count):\($0)" }.joined()
        return (try? SHA256Hasher.digest(of: text).hexadecimal.prefix(16)).map(String.init) ?? ""
    }
}
