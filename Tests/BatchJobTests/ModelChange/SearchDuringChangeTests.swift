import BatchJob
import DatasetSearch
import DatasetTable
import JobTestSupport
import PostgresTestSupport
import SentenceEncoding
import Synchronization
import Testing

/// Searches beside the steps of a change of the model that move its column.
@Suite("A search while the model is changed", .requiresPostgres, .timeLimit(.minutes(30)))
struct SearchDuringChangeTests {
    private static let question = "Dataset 7"

    /// What became of the questions of one model.
    private struct Tally: Sendable {
        var answers = 0
        var refusals = 0
    }

    private final class Change: Sendable {
        let isOver = Mutex(false)
    }

    /// Asks again and again until the change is over; each answer has to be of the model's own vectors.
    private func ask(
        _ fixture: DatasetFixture, _ encoder: StubEncoder, _ model: Fingerprint, until change: Change
    ) async throws -> Tally {
        var tally = Tally()
        let asked = encoder.vector(of: Self.question)
        var searcher: Searcher?
        while !change.isOver.withLock({ $0 }) {
            do {
                if searcher == nil { searcher = try await fixture.searcher(encoder, model: model) }
                let hits = try await searcher?.search(Self.question) { $0.limit = 50 } ?? []
                #expect(hits.count == 40)
                let differences = hits.map { hit in
                    let title = hit.title ?? ""
                    let vector = encoder.vector(of: "\(title) \(title) About number \(hit.id)")
                    let similarity = zip(asked, vector).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                    return abs(hit.parts.similarity - similarity)
                }
                #expect(try #require(differences.max()) < 1e-5)
                tally.answers += 1
            } catch let failure as RunFailure {
                // The one refusal there is: the column holds vectors of another model, or of another length.
                let words = failure.description
                #expect(
                    failure.reason == .mixedModel
                        || failure.reason == .configuration && words.contains("components, the model gives"), "\(words)"
                )
                tally.refusals += 1
            }
        }
        await searcher?.close()
        return tally
    }

    @Test("is answered by the vectors of one model or refused, and nothing else", arguments: [4, 6])
    func searches(dimension: Int) async throws {
        try await withDocuments { fixture in
            let (old, next) = (StubEncoder(), StubEncoder(dimension: dimension, seed: 77))
            try await fixture.insert(40)
            #expect(try await fixture.drain(old).processed == 40)
            let step = fixture.change(dimension: dimension)
            #expect(await step.fill(next).exitReason == .drained)

            let change = Change()
            async let byOld = ask(fixture, old, DatasetFixture.model, until: change)
            async let byNext = ask(fixture, next, DatasetFixture.nextModel, until: change)
            var ends: [ExitReason] = []
            for _ in 1...5 {
                ends.append(await step.cutOver(next).exitReason)
                // Between the steps the new model has its turn.
                #expect(try await fixture.search(Self.question, next, model: DatasetFixture.nextModel).count == 10)
                ends.append(await step.rollBack(next).exitReason)
            }
            change.isOver.withLock { $0 = true }
            let (first, second) = try await (byOld, byNext)
            #expect(ends == Array(repeating: .drained, count: 10))
            #expect(first.answers > 0 && second.refusals > 0, "\(first) \(second)")
            #expect(first.answers + first.refusals > 5 && second.answers + second.refusals > 5)

            // At rest each model is answered in its place, and only there.
            #expect(try await fixture.search(Self.question, old).count == 10)
            #expect(await step.cutOver(next).exitReason == .drained)
            let refusal = await #expect(throws: RunFailure.self) { try await fixture.search(Self.question, old) }
            #expect(refusal?.reason.exitCode == 78)
        }
    }
}
