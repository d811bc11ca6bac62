import Catalog
import CatalogSources
import FoundationEssentials
import HTTPFetching
import Logging

/// Asks Kaggle for single datasets.
struct KaggleViews {
    let run: FetchRun
    let fetcher: HTTPFetcher

    /// What Kaggle says of a dataset.
    enum View {
        case record(CatalogRecord)
        /// Nothing that is of use, by a code, and whether it says that there is no such dataset.
        case none(code: String, isMissing: Bool)
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
            guard case .item(let status, let code, _) = error else { throw error }
            return .none(code: code ?? String(status), isMissing: [401, 403, 404, 410].contains(status))
        }
        run.tally.update { report in
            for fault in item.valueFaults { report.errors[fault.rawValue, default: 0] += 1 }
        }
        guard let record = item.record else { return .none(code: item.loss?.rawValue ?? "malformed", isMissing: false) }
        return .record(record)
    }
}
