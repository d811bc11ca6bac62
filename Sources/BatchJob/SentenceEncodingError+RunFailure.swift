package import DatasetTable
package import SentenceEncoding

extension SentenceEncodingError: RunFailureCause {
    /// Whatever is wrong with a model folder, its user can mend.
    package var exitReason: ExitReason { .configuration }
}
