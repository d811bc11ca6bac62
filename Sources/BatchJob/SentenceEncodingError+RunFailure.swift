package import DatasetTable
package import SentenceEncoding

extension SentenceEncodingError: RunFailureCause {
    /// Whatever is wrong with a model folder, or with a device before the run, its user can mend.
    package var exitReason: ExitReason {
        if case .deviceFailed = self { .device } else { .configuration }
    }
}
