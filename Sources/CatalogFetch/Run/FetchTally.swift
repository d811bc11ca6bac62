import Catalog
import DatasetTable
import Synchronization

/// What a run has done so far, which is known whatever ends it.
final class FetchTally: Sendable {
    private let state: Mutex<FetchReport>

    init(_ source: DatasetSource) {
        state = Mutex(FetchReport(source: source))
    }

    /// The report as it is now.
    var report: FetchReport { state.withLock { $0 } }

    /// Changes the report.
    func update(_ change: (inout FetchReport) -> Void) {
        state.withLock { change(&$0) }
    }
}
