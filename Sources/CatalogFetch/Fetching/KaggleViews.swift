import Catalog
import CatalogSources
import FoundationEssentials
import HTTPFetching
import Logging
import Synchronization

/// Asks Kaggle for single datasets.
///
/// An answer that is of no use costs one dataset. Several in a row, and answers that say of many datasets that they do not
/// exist, are about Kaggle.
final class KaggleViews: Sendable {
    /// What Kaggle says of a dataset.
    enum View {
        case record(CatalogRecord)
        /// Nothing that is of use, by a code, and whether it says that there is no such dataset.
        case none(code: String, isMissing: Bool)
    }

    private struct Tally {
        var seen = 0
        var missing = 0
        var isProbed = false
        var uselessInARow = 0
    }

    /// So many useless answers in a row end the run.
    private static let mostUseless = 3

    private let run: FetchRun
    private let fetcher: HTTPFetcher
    private let tally = Mutex(Tally())

    init(run: FetchRun, fetcher: HTTPFetcher) {
        self.run = run
        self.fetcher = fetcher
    }

    /// Asks once, and counts what is not there.
    func view(_ reference: String) async throws -> View {
        let view = try await ask(reference)
        if case .none(let code, _) = view {
            run.tally.update { report in
                report.skipped += 1
                report.errors[code, default: 0] += 1
            }
            run.log.warning("a dataset cannot be had", metadata: ["reference": "\(reference)", "code": "\(code)"])
        }
        return view
    }

    private func ask(_ reference: String) async throws -> View {
        guard let target = Kaggle.viewTarget(reference) else { return .none(code: "id", isMissing: false) }
        let item: SourceItem
        do {
            item = try await fetcher.get(target) { try Kaggle.view($0, of: reference, now: Date()) }.value
        } catch {
            if case .item(let status, let code, _) = error {
                return .none(code: code ?? String(status), isMissing: try await isMissing(status))
            }
            guard let code = error.codeOfAnswer else { throw error }
            let useless = tally.withLock { tally in
                tally.uselessInARow += 1
                return tally.uselessInARow
            }
            guard useless < Self.mostUseless else { throw error }
            return .none(code: code, isMissing: false)
        }
        run.tally.update { report in
            for fault in item.valueFaults { report.errors[fault.rawValue, default: 0] += 1 }
        }
        guard let record = item.record else { return .none(code: item.loss?.rawValue ?? "malformed", isMissing: false) }
        tally.withLock { tally in
            tally.seen += 1
            tally.uselessInARow = 0
        }
        return .record(record)
    }

    /// Whether a status means that there is no such dataset, rather than that the interface has moved or the key is wrong.
    ///
    /// Another one must have been seen in this run, if need be one that is only asked for to see whether Kaggle shows anything; and
    /// those that are missing must be few among those that are seen, but for two.
    private func isMissing(_ status: Int) async throws -> Bool {
        guard [403, 404, 410].contains(status) else { return false }
        if tally.withLock({ $0.seen == 0 && !$0.isProbed }) {
            tally.withLock { $0.isProbed = true }
            if try await isShown(try await CatalogQueue(run.catalog, of: .kaggle).knownReference()) {
                tally.withLock { $0.seen += 1 }
            }
        }
        return tally.withLock { tally in
            tally.missing += 1
            tally.uselessInARow = 0
            return tally.seen > 0 && (tally.missing < 3 || tally.missing * 4 <= tally.seen)
        }
    }

    private func isShown(_ reference: String?) async throws -> Bool {
        guard let reference, let target = Kaggle.viewTarget(reference) else { return false }
        do {
            return try await fetcher.get(target) { try Kaggle.view($0, of: reference, now: Date()) }.value.record != nil
        } catch {
            guard error.isAboutDataset || error.isAboutAnswer else { throw error }
            return false
        }
    }
}

extension HTTPFailure {
    /// What an answer that is of no use is counted as; `nil` if the failure is not about an answer.
    fileprivate var codeOfAnswer: String? {
        switch self {
        case .unavailable: "unavailable"
        case .tooLarge: "too_large"
        case .loop, .foreignLink: "redirect"
        case .blocked: "page"
        case .item, .credentials, .outOfTime, .cancelled, .badURL: nil
        }
    }

    /// Whether it is about the one dataset that was asked for.
    fileprivate var isAboutDataset: Bool { if case .item = self { true } else { false } }

    /// Whether what was asked for has been answered, however badly.
    var isAboutAnswer: Bool { codeOfAnswer != nil }
}
